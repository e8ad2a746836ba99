import OMSCore
import Runtime

/// A reader of the journal that nobody asks.
protocol NoReads: ReadService {}

extension NoReads {
    func answer(_ query: JournalQuery, missing: ControlError?, to ticket: Ticket) {}
    func subscribe(_ ticket: Ticket, after seq: Int64, account: AccountID?, for caller: Caller) {}
    func unsubscribe(_ ticket: Ticket, subscription: Int64) {}
    func disconnected(connection: UInt64) {}
    func changed(_ rights: Rights, of connection: UInt64) {}
    func advanced(to seq: Int64) {}
}
