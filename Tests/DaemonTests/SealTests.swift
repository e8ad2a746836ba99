import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

@testable import OMSDaemon
@testable import Store

/// Seals of a daemon that runs, dies and stops, and what `omsd verify` says of them.
@Suite struct SealTests {
    private func verify(_ house: House, _ words: String...) throws -> (code: Int32, output: String) {
        try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path] + words, in: house.scratch)
    }

    /// One daemon's work, and a clean stop.
    private func work(_ house: House, _ intent: String, environment: [String: String] = [:]) throws {
        let client = try house.start(environment: environment)
        for account in house.accounts {
            try client.submit(account.intent("\(intent)-\(account.name)", orders: 20))
            try client.wait("\(intent)-\(account.name)")
        }
        #expect(try house.stopDaemon() == 0)
    }

    private func head(_ house: House) throws -> String { try house.journal.texts("SELECT seal FROM v_seals ORDER BY last_seq DESC LIMIT 1")[0] }

    @Test func `a clean stop seals all there is and prints the head, by which the journal is checked later`() throws {
        let house = try House(["az-futures"])
        try work(house, "first")
        let head = try head(house)
        #expect(house.daemon?.output.contains("head=\"\(head)\"") == true, "\(house.daemon?.tail ?? "")")
        let (code, output) = try verify(house, "--json", "--head", head)
        let report = try JSONParser.parse(output.split(separator: "\n").last.map(String.init) ?? "")
        #expect(code == 0 && report["sound"] == .bool(true) && report["seals"]?["unsealed"]?.integer == 0, "\(output)")
        #expect(report["seals"]?["head"]?.string == head)
        #expect(report["notes"]?.array?.contains { $0.string?.contains("is the seal up to number") ?? false } == true, "\(output)")
        try work(house, "second")
        #expect(try verify(house, "--head", head).code == 0, "what came later does not matter")
        let (alone, words) = try verify(house)
        #expect(alone == 0 && words.contains("made anew as a whole"), "\(words)")
        #expect(try verify(house, "--head", String(repeating: "0", count: 64)).code == 65)
        #expect(try verify(house, "--head", "12ab").code == 64)
    }

    @Test func `while it runs the head is told, and every second's lines make one seal at most`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        try client.submit(account.intent("told", orders: 5))
        try client.wait("told")
        try pollUntil("all is sealed") { try client.call("seal.get", "{}")["unsealed"]?.integer == 0 }
        let (code, output) = try ChildProcess.run("omsctl", ["--socket", house.socket, "seal"], in: house.scratch)
        let head = try head(house)
        #expect(code == 0 && output.hasPrefix("\(head)  up to number "), "\(output)")
        #expect(output.contains("not signed"), "\(output)")
        let times = try house.journal.texts("SELECT at FROM seals ORDER BY last_seq").compactMap { Int64($0) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 > 900_000 }, "\(times)")
        #expect(try house.stopDaemon() == 0)
    }

    @Test(arguments: ["before_seal_commit:1", "after_seal_commit:1", "before_commit:30"])
    func `a kill around a seal loses none of it`(point: String) throws {
        #if DEBUG
        guard getenv("OMSD_BINARIES") == nil else { return }
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start(environment: ["OMSD_KILL_AT": point])
        for number in 0..<40 where house.daemon?.exitCode == nil { _ = try? client.submit(account.intent("around-\(number)", orders: 3)) }
        #expect(try house.daemon?.end() == 128 + SIGKILL)
        #expect(try verify(house).code == 0)
        try work(house, "behind")
        let (code, output) = try verify(house, "--json")
        #expect(code == 0 && output.contains("\"unsealed\":0"), "\(output)")
        #expect(try house.journal.number("SELECT count(*) FROM seals WHERE first_seq = 1") == 1)
        #endif
    }

    @Test func `a key signs, a changed one is told, and each is checked by its public half`() throws {
        let house = try House(["az-futures"])
        let (old, new) = (try SealKeys(seed: 11), try SealKeys(seed: 12))
        for (keys, name) in [(old, "old"), (new, "new")] {
            try writeText(keys.privatePEM, to: house.scratch.file(name + ".pem"))
            try writeText(keys.publicPEM, to: house.scratch.file(name + ".pub"))
        }
        try house.writeConfiguration(extra: "seal: { key: \"old.pem\" },")
        try work(house, "first")
        #expect(try verify(house, "--public-key", house.scratch.file("old.pub")).code == 0)
        #expect(try verify(house, "--public-key", house.scratch.file("new.pub")).code == 65)

        try house.writeConfiguration(extra: "seal: { key: \"new.pem\" },")
        try work(house, "second")
        let words = house.daemon?.output ?? ""
        let (was, now) = (old.key.fingerprint, new.key.fingerprint)
        #expect(words.contains("were signed with the key \(was), from here on they are signed with the key \(now)"), "\(words)")
        #expect(try verify(house, "--public-key", house.scratch.file("new.pub")).code == 0)
        let (code, output) = try verify(house, "--public-key", house.scratch.file("old.pub"))
        #expect(code == 65 && output.contains(new.key.fingerprint), "\(output)")

        try house.writeConfiguration()
        try work(house, "third")
        #expect(house.daemon?.output.contains("they are signed with no key: seal.key is not set") == true, "\(house.daemon?.tail ?? "")")
        #expect(try verify(house).code == 0)
        #expect(try verify(house, "--public-key", house.scratch.file("new.pub")).code == 65)
        #expect(try verify(house, "--public-key", house.scratch.file("new.pem")).code == 64, "a private key is none")
        #expect(try verify(house, "--public-key", house.scratch.file("none.pub")).code == 74)
        #expect(!readBytesOfAll(house).contains(old.privatePEM.split(separator: "\n")[1]))
    }

    private func readBytesOfAll(_ house: House) -> String { (readText(house.journal.path) ?? "") + (house.daemon?.output ?? "") }

    @Test(
        arguments: [
            ("missing", nil, 0o600, "cannot be read"), ("open to others", "", 0o644, "is open to group or others (mode 0644)"),
            ("no key", "hello\n", 0o600, "holds no private key in PEM"),
            ("another kind", SealTests.publicKey, 0o600, "holds"),
        ] as [(String, String?, Int, String)])
    func `a key that cannot be trusted or read is refused by the line that names it`(what: String, text: String?, mode: Int, words: String) throws {
        let house = try House(["az-futures"])
        let pem = text == "" ? try SealKeys(seed: 3).privatePEM : text
        if let pem { try writeText(pem, to: house.scratch.file("seal.pem"), mode: mode_t(mode)) }
        try house.writeConfiguration(extra: "\nseal: { key: \"seal.pem\" },")
        for command in [["check-config", "--config", house.configuration], ["--config", house.configuration]] {
            let (code, output) = try ChildProcess.run("omsd", command, in: house.scratch)
            #expect(code == 78, "\(what): \(output)")
            #expect(output.contains(":2:14: seal.key: ") && output.contains(words), "\(what): \(output)")
        }
        #expect(access(house.journal.path, F_OK) != 0)
    }

    /// Of a public key: not what signs.
    private static let publicKey =
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"

    @Test func `of a journal whose seals are ahead of it that is told`() {
        let head = Self.head(last: 50, key: nil)
        #expect(Sealing.problems(head, seq: 50, key: nil) == [])
        #expect(Sealing.problems(head, seq: 40, key: nil).first?.contains("the record ends at 40: lines were cut off") == true)
        #expect(Sealing.problems(Self.head(last: 5, key: "a"), seq: 5, key: "a") == [])
    }

    private static func head(last: Int64, key: String?) -> Seal {
        var seal = Seal(first: 1, last: last, lines: last, at: 1, form: 1, digest: Digest256([UInt8](repeating: 0, count: 32)))
        if let key { seal.signature = Seal.Signature(key: key, bytes: []) }
        return seal
    }
}
