import CLinux
import TestSupport
import Testing
import Wire

/// Secrets are in the files they came from and nowhere else.
@Suite struct SecretsTests {
    @Test func `no secret reaches journal, logs, answers, omsctl or what the kernel shows of the process`() throws {
        let house = try House()
        try house.pages.setFaults(
            "[{kind: 'place', every: 5, fault: {type: 'lose_reply_after_execution'}}, {kind: 'lookup', every: 7, fault: {type: 'garbage'}},"
                + " {kind: 'place', every: 3, fault: {type: 'maintenance'}}]")
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("of-\(account.name)", orders: 45)) }
        for account in house.accounts { try client.wait("of-\(account.name)", seconds: 200) }

        let pid = try #require(house.daemon?.pid)
        var seen: [(name: String, bytes: [UInt8])] = []
        for name in ["cmdline", "environ"] { seen.append((name, try #require(readBytes("/proc/\(pid)/\(name)")))) }
        // A venue that refuses the key: its words reach the record and the log.
        try house.pages.setFaults("[{kind: 'mixed', fault: {type: 'wrong_account'}}]")
        try client.submit(try house.account("az-futures").intent("refused", orders: 1))
        try pollUntil("the account's halt") { try house.journal.texts("SELECT state FROM v_trading_state WHERE account = 'mm-az'") == ["halted"] }
        let order = try #require(try house.journal.texts("SELECT client_order_id FROM v_orders LIMIT 1").first)
        for words in [
            ["status"], ["limits"], ["orders", "--json"], ["intents", "--json"], ["show", order], ["why", order], ["breaks", "--json"],
            ["instruments"],
        ] {
            let (code, output) = try ChildProcess.run("omsctl", ["--socket", house.socket] + words, in: house.scratch)
            #expect(code == 0, "omsctl \(words): \(output)")
            seen.append(("omsctl \(words)", Array(output.utf8)))
        }
        for method in ["account.list", "limit.list", "daemon.status", "rpc.discover"] { seen.append((method, try client.call(method).serialized())) }
        for file in files(in: house.scratch.path) where !house.accounts.contains(where: { file == $0.name + ".json" }) {
            guard let bytes = readBytes(house.scratch.file(file)) else { continue }
            seen.append((file, bytes))
        }
        #expect(seen.contains { $0.name == "journal.db-wal" } && seen.contains { $0.name == "omsd-1.log" })
        for secret in house.accounts.flatMap({ [$0.secret, $0.passphrase].compactMap(\.self) }) {
            for (name, bytes) in seen { #expect(!contains(bytes, Array(secret.utf8)), "\(name) holds a secret") }
        }
        // A search that finds what is there.
        let credentials = try #require(readBytes(house.scratch.file("mm-az.json")))
        #expect(contains(credentials, Array(house.accounts[0].secret.utf8)))
    }

    private func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            wanted.withUnsafeBytes { wanted in
                guard let start = bytes.baseAddress, let text = wanted.baseAddress else { return false }
                return memmem(start, bytes.count, text, wanted.count) != nil
            }
        }
    }

    private func files(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_REG) else { continue }
            names.append(withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } })
        }
        return names
    }
}
