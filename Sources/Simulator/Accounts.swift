import Venues
import Wire

/// Who may trade at a simulated venue. Secrets are dummies: they are printed on purpose.
package struct SimAccount: Sendable, Equatable {
    package enum Mode: String, Sendable { case classic, uta }
    package let venue: String
    /// Product lines this key is set up for; the first is what a generated configuration uses.
    package var products: [String]
    package let uid: String
    package let key: String
    package let secret: String
    package let passphrase: String?
    /// Bitget: which paths are refused.
    package let mode: Mode
    /// AscendEX: the number in the path.
    package let group: Int
    /// The account's name in a generated configuration.
    package let name: String

    package init(
        venue: String, products: [String], uid: String, key: String, secret: String, passphrase: String? = nil, mode: Mode? = nil, group: Int = 6,
        name: String
    ) {
        (self.venue, self.products, self.uid, self.key, self.secret) = (venue, products, uid, key, secret)
        (self.passphrase, self.mode) = (passphrase, mode ?? DialectCatalog.line(venue)?.accountMode ?? .classic)
        (self.group, self.name) = (group, name)
    }

    /// The same key, as another owner's.
    func belonging(to uid: String) -> SimAccount {
        SimAccount(
            venue: venue, products: products, uid: uid, key: key, secret: secret, passphrase: passphrase, mode: mode, group: group, name: name)
    }
}

/// What is wrong with a file given to the simulator: which entry, which field.
package struct SimulatorInputError: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

extension [SimAccount] {
    /// One account for each venue and product, with credentials that are the same on every run. The first of each venue bears the name that generated
    /// configurations use.
    package static var standard: [SimAccount] {
        let samples = VenueCatalog.all.flatMap { line in line.samples.map { (line: line, sample: $0) } }
        return samples.enumerated().map { index, entry in
            let (venue, product) = (entry.line.venue, entry.sample.product)
            // "U" and ten digits is AscendEX's shape (docs/venues/ascendex.md, 3.1); it serves all.
            let uid = "U" + String(1_000_000_001 + index)
            let digest = hex(sha256([UInt8]("omsim \(venue) \(product)".utf8)))
            let needsPassphrase = entry.line.adapter(product)?.profile.needsPassphrase ?? false
            return SimAccount(
                venue: venue, products: [product], uid: uid, key: "sim-\(venue)-\(product)", secret: String(digest.prefix(40)),
                passphrase: needsPassphrase ? "simPass\(index + 1)" : nil, name: entry.sample.account)
        }
    }

    /// Reads `{accounts:[{venue, product, uid, key, secret, passphrase?, mode?, group?, name?}]}`, JSON5. A key named twice serves both products.
    ///
    /// - Throws: ``SimulatorInputError`` naming the entry and field; a key of two owners or venues is one.
    package init(reading text: [UInt8]) throws(SimulatorInputError) {
        self = []
        let root: JSON
        do { root = try JSONParser.parse(text, options: .init(isJSON5: true)) } catch { throw SimulatorInputError("accounts: \(error)") }
        guard let entries = root["accounts"]?.array else {
            throw SimulatorInputError("accounts: an object with an array `accounts` should stand here")
        }
        let known = ["venue", "product", "uid", "key", "secret", "passphrase", "mode", "group", "name"]
        for (index, entry) in entries.enumerated() {
            func wrong(_ what: String) -> SimulatorInputError { SimulatorInputError("accounts[\(index)]: \(what)") }
            guard let members = entry.object else { throw wrong("not an object") }
            if let stranger = members.first(where: { !known.contains($0.key) }) { throw wrong("unknown field `\(stranger.key.escapedForLog)`") }
            func required(_ name: String) throws(SimulatorInputError) -> String {
                guard let text = entry[name]?.string, !text.isEmpty else { throw wrong("`\(name)` should be a text") }
                return text
            }
            let (venue, product, key) = (try required("venue"), try required("product"), try required("key"))
            var mode: SimAccount.Mode?
            if let word = entry["mode"] {
                guard let read = word.string.flatMap(SimAccount.Mode.init(rawValue:)) else { throw wrong("`mode` should be classic or uta") }
                mode = read
            }
            var group = 6
            if let number = entry["group"] {
                guard let read = number.integer, (0...9999).contains(read) else { throw wrong("`group` should be 0 to 9999") }
                group = Int(read)
            }
            let account = SimAccount(
                venue: venue, products: [product], uid: try required("uid"), key: key, secret: try required("secret"),
                passphrase: entry["passphrase"]?.string,
                mode: mode, group: group, name: entry["name"]?.string ?? "\(product)-\(venue)")
            guard let same = firstIndex(where: { $0.key == key }) else {
                append(account)
                continue
            }
            guard self[same].venue == venue, self[same].uid == account.uid, self[same].secret == account.secret else {
                throw wrong("key `\(key.escapedForLog)` belongs to two accounts")
            }
            self[same].products.append(product)
        }
    }

    /// The same shape as is read, indented one account a line.
    package var json: [UInt8] {
        var text = [UInt8]("{\"accounts\":[".utf8)
        var isFirst = true
        for account in self {
            for product in account.products {
                text += [UInt8]((isFirst ? "\n  " : ",\n  ").utf8)
                isFirst = false
                var writer = JSONWriter()
                writer.beginObject()
                writer.member("name", account.name)
                writer.member("venue", account.venue)
                writer.member("product", product)
                writer.member("uid", account.uid)
                writer.member("key", account.key)
                writer.member("secret", account.secret)
                if let passphrase = account.passphrase { writer.member("passphrase", passphrase) }
                writer.member("mode", account.mode.rawValue)
                writer.member("group", account.group)
                writer.endObject()
                text += writer.bytes
            }
        }
        return text + [UInt8]("\n]}\n".utf8)
    }
}
