import Store
import TestSupport
import Testing

@Suite struct ClientExportTests {
    @Test(arguments: [("--account", "mm-za"), ("--symbol", "btc_usd"), ("--intent", "no-such"), ("--tag", "desk-9")])
    func `an export by a name that nothing in the journal bears is denied in words that name it`(option: String, name: String) throws {
        let daemon = try ScriptedDaemon { _ in nil }
        let folder = ScratchDirectory()
        let path = folder.file("journal.db")
        _ = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: "mm-az", venue: "az-futures", product: "usdt")])
        #expect(daemon.run(["export", "orders", "--csv", "--journal", path, "--account", "mm-az"]) == 0)
        let heading = daemon.terminal.output
        #expect(daemon.run(["export", "orders", "--csv", "--journal", path, option, name]) == 3)
        #expect(daemon.terminal.errors.contains("the journal knows no \(option.dropFirst(2)) \(name)"), "\(daemon.terminal.errors)")
        #expect(daemon.terminal.output == heading)
    }
}
