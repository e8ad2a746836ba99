import Venues
import Wire

/// An omsd configuration whose accounts live at a simulator, with times short enough to watch.
package struct GeneratedConfiguration: Equatable, Sendable {
    package var baseURL = "http://127.0.0.1:8899"
    package var journal: String?
    package var socket: String?
    package var caFile: String?
    /// Every account; else the first of each venue.
    package var takesAll = false

    package init() {}

    /// The files to write: `omsd.json5`, one of credentials for each key, and `samples.tsv`, what scripts can send to each account.
    ///
    /// - Parameter directory: Where they will lie; journal and socket too unless set.
    package func files(for accounts: [SimAccount], in directory: String) -> [(name: String, bytes: [UInt8])] {
        var venues: Set<String> = []
        let chosen = accounts.filter { venues.insert($0.venue).inserted || takesAll }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("journal")
        writer.beginObject()
        writer.member("path", journal ?? directory + "/journal.db")
        writer.endObject()
        writer.key("control")
        writer.beginObject()
        writer.member("socket", socket ?? directory + "/control.sock")
        writer.endObject()
        writer.key("accounts")
        writer.beginObject()
        for account in chosen { write(account, to: &writer) }
        writer.endObject()
        writer.endObject()
        let head = Array("// Written by `omsim accounts --write-config`: every account lives at a simulator.\n".utf8)
        return [("omsd.json5", head + writer.bytes + [UInt8(ascii: "\n")])] + chosen.map { (credentialsFile(of: $0), credentials(of: $0)) } + [
            ("samples.tsv", samples(of: chosen))
        ]
    }

    /// A line for each account whose venue the catalogue knows: its name, how many orders make a large intent there, and one order that rests, as an
    /// item of `place`. Tabs between them.
    private func samples(of accounts: [SimAccount]) -> [UInt8] {
        accounts.flatMap { account in
            guard let sample = VenueCatalog.sample(venue: account.venue, product: account.products.first) else { return [UInt8]() }
            let order = sample.order
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("symbol", order.symbol.text)
            writer.member("side", order.side.rawValue)
            writer.member("type", order.type.rawValue)
            for (name, amount) in [("price", order.price), ("quantity", order.quantity)] {
                if let amount { writer.member(name, amount.description) }
            }
            if let side = order.positionSide { writer.member("position_side", side.rawValue) }
            writer.endObject()
            return Array("\(account.name)\t\(sample.largeIntent)\t".utf8) + writer.bytes + [UInt8(ascii: "\n")]
        }
    }

    private func credentialsFile(of account: SimAccount) -> String { account.name + ".json" }

    private func write(_ account: SimAccount, to writer: inout JSONWriter) {
        writer.key(account.name)
        writer.beginObject()
        writer.member("venue", account.venue)
        writer.member("product", account.products.first ?? "")
        writer.member("uid", account.uid)
        writer.member("credentials", credentialsFile(of: account))
        writer.member("base_url", baseURL)
        if let caFile { writer.member("ca_file", caFile) }
        if VenueCatalog.stream(venue: account.venue, product: account.products.first ?? "") != nil {
            writer.member("stream", "on")
            writer.member("stream_url", "ws" + baseURL.dropFirst(4))
        }
        writer.member("freshness_ms", 3000)
        writer.member("hold_unanswered_ms", 2000)
        writer.member("reconcile_interval_ms", 5000)
        writer.endObject()
    }

    private func credentials(of account: SimAccount) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("key", account.key)
        writer.member("secret", account.secret)
        if let passphrase = account.passphrase { writer.member("passphrase", passphrase) }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
