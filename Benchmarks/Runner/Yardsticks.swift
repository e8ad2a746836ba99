import TestSupport
import Yardsticks

/// SQLite in plain C, on a file in a scratch folder of its own.
final class RawJournal {
    private let folder = ScratchDirectory()
    private let handle: OpaquePointer

    init() throws {
        var error = [CChar](repeating: 0, count: 256)
        guard let opened = yardstick_open(folder.file("raw.db"), &error, Int32(error.count)) else {
            throw BenchError(String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        handle = opened
        // Until the WAL has its full length and is begun anew: growing a file costs more than writing over it, and a daemon that runs does the latter.
        _ = try commit(800, orders: 100)
    }

    deinit { yardstick_close(handle) }

    /// The time of each commit, in nanoseconds.
    func commit(_ commits: Int, orders: Int) throws -> [Int64] {
        var times = [Int64](repeating: 0, count: commits)
        let code = yardstick_commit(handle, Int32(commits), Int32(orders), &times)
        guard code == 0 else { throw BenchError("SQLite gave \(code)") }
        return times
    }

    /// Orders a second that are filled, an execution each, over commits of a hundred: of orders that were written before.
    func fillsASecond(_ orders: Int) throws -> Double {
        var times = [Int64](repeating: 0, count: orders / 100)
        let code = yardstick_push(handle, Int32(times.count), 100, &times)
        guard code == 0 else { throw BenchError("SQLite gave \(code)") }
        return Double(times.count * 100) / (Double(times.reduce(0, +)) / 1e9)
    }

    /// Orders a second and the thread's CPU microseconds an order, over about `seconds` of commits of a hundred.
    func rate(seconds: Double) throws -> (ordersASecond: Double, cpuUs: Double) {
        let (start, cpu) = (now(), threadCPU())
        var orders = 0
        while now() - start < seconds { orders += try commit(20, orders: 100).count * 100 }
        return (Double(orders) / (now() - start), (threadCPU() - cpu) / Double(orders) * 1e6)
    }
}

/// Two threads and a Unix socket.
final class Echo {
    private let handle: OpaquePointer

    init() throws {
        guard let opened = yardstick_echo_open(200) else { throw BenchError("no socket pair") }
        handle = opened
    }

    deinit { yardstick_echo_close(handle) }

    func trips(_ count: Int) throws -> [Int64] {
        var times = [Int64](repeating: 0, count: count)
        let code = yardstick_echo_trips(handle, Int32(count), &times)
        guard code == 0 else { throw BenchError("the echo gave \(code)") }
        return times
    }
}

enum SQL {
    /// Rows of numbers; NULL is -1.
    static func rows(_ path: String, _ sql: String, columns: Int, most: Int = 1) throws -> [[Double]] {
        var values = [Double](repeating: 0, count: columns * most)
        let found = Int(yardstick_numbers(path, sql, &values, Int32(columns), Int32(most)))
        guard found >= 0 else { throw BenchError("SQLite gave \(-found)") }
        return (0..<found).map { row in Array(values[(row * columns)..<((row + 1) * columns)]) }
    }

    static func number(_ path: String, _ sql: String) throws -> Double {
        guard let row = try rows(path, sql, columns: 1).first else { throw BenchError("no row: \(sql)") }
        return row[0]
    }

    /// Statements on a journal that nobody has open.
    static func run(_ path: String, _ sql: String) throws {
        let code = yardstick_execute(path, sql)
        guard code == 0 else { throw BenchError("SQLite gave \(code)") }
    }

    /// How long reading all rows takes in plain C, with the file opened anew: milliseconds, and how many there were.
    static func readingMs(_ path: String, _ sql: String) throws -> (ms: Double, rows: Int) {
        var rows: Int64 = 0
        var ns: Int64 = 0
        let code = yardstick_read(path, sql, &rows, &ns)
        guard code == 0 else { throw BenchError("SQLite gave \(code)") }
        return (Double(ns) / 1e6, Int(rows))
    }
}
