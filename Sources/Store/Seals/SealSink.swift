import CLinux
import CSQLite
import OMSCore
import Wire

/// An aggregate function of SQL that adds each row it is called with to the bytes of a seal, and notes which other rows the lines lead to.
final class SealSink {
    static let name = "seal_rows"

    /// What the rows of a table name.
    enum LeadsTo { case nothing, accounts, accountsAndRequests }

    private var bytes: SealBytes?
    private var mark: UInt8 = 0
    private var leadsTo = LeadsTo.nothing
    private var lastKey: Int64?
    // Lines of one request and one account follow each other.
    private var lastRequest: Int64 = 0
    private var lastAccount: Int64 = 0
    /// Of the table.
    private(set) var count: Int64 = 0
    private(set) var isInOrder = true
    /// True: how it ended is among the lines.
    private(set) var requests: [Int64: Bool] = [:]
    private(set) var accounts: Set<Int64> = []
    /// Rows are gathered, each with its key, instead of going to one hash: of several files, they are put in order first.
    private(set) var gathered: [(key: Int64, bytes: [UInt8])] = []
    private var isGathering = false
    /// Which rows are meant, where not all are.
    private var isMeant: (Int64) -> Bool = { _ in true }

    /// For as long as the connection lives.
    init(on connection: Connection) throws(JournalError) {
        let code = sqlite3_create_function_v2(
            connection.handle, Self.name, -1, SQLITE_UTF8, Unmanaged.passRetained(self).toOpaque(), nil,
            { context, count, values in
                guard let sink = sqlite3_user_data(context), let values else { return }
                Unmanaged<SealSink>.fromOpaque(sink).takeUnretainedValue().add(values, count)
            }, { _ in },
            { sink in
                if let sink { Unmanaged<SealSink>.fromOpaque(sink).release() }
            })
        guard code == SQLITE_OK else { throw JournalError(sqlite: code, of: connection.handle, running: Self.name) }
    }

    /// Rows go there from here on.
    func begin(_ bytes: SealBytes) {
        (self.bytes, lastRequest, lastAccount) = (bytes, 0, 0)
        requests.removeAll(keepingCapacity: true)
        accounts.removeAll(keepingCapacity: true)
    }

    func end() { (bytes, isGathering, isMeant) = (nil, false, { _ in true }) }

    /// Rows are gathered from here on, those that are meant.
    func beginGathering(_ isMeant: @escaping (Int64) -> Bool) {
        begin(.capturing())
        (isGathering, self.isMeant) = (true, isMeant)
    }

    /// Of the table that was gone through.
    func takeGathered() -> [(key: Int64, bytes: [UInt8])] {
        defer { gathered.removeAll() }
        return gathered
    }

    func begin(mark: UInt8, leadsTo: LeadsTo) { (self.mark, self.leadsTo, lastKey, count, isInOrder) = (mark, leadsTo, nil, 0, true) }

    private func add(_ values: UnsafeMutablePointer<OpaquePointer?>, _ columns: Int32) {
        guard let bytes, columns > 0 else { return }
        let key = sqlite3_value_int64(values[0])
        guard isMeant(key) else { return }
        if let lastKey, lastKey >= key { isInOrder = false }
        (lastKey, count) = (key, count + 1)
        bytes.add(mark: mark, values, Int(columns))
        if isGathering { gathered.append((key, bytes.takeCaptured())) }
        guard leadsTo != .nothing else { return }
        account(values[SealForm.account])
        if leadsTo == .accountsAndRequests { request(values) }
    }

    private func account(_ value: OpaquePointer?) {
        let key = sqlite3_value_int64(value)
        guard key != lastAccount, sqlite3_value_type(value) != SQLITE_NULL else { return }
        lastAccount = key
        accounts.insert(key)
    }

    private func request(_ values: UnsafeMutablePointer<OpaquePointer?>) {
        let id = sqlite3_value_int64(values[SealForm.eventRequest])
        let isEnded = holds("request", values[SealForm.eventKind])
        guard id != lastRequest || isEnded, sqlite3_value_type(values[SealForm.eventRequest]) != SQLITE_NULL else { return }
        // It has a row wherever it carried something, and where its end is told. Other look-ups may get one later, or none.
        guard
            isEnded || holds("submitted", values[SealForm.eventKind])
                || holds("submitted", values[SealForm.eventState]) && holds("command_changed", values[SealForm.eventKind])
        else { return }
        lastRequest = id
        if isEnded { requests[id] = true } else if requests[id] == nil { requests[id] = false }
    }

    private func holds(_ text: StaticString, _ value: OpaquePointer?) -> Bool {
        guard let start = sqlite3_value_blob(value), sqlite3_value_bytes(value) == Int32(text.utf8CodeUnitCount) else { return false }
        return memcmp(start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
