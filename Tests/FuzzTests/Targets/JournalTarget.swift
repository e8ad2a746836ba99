import CLinux
import OMSCore
import Store
import TestSupport

/// Files where a journal should be: either a whole one cut short or anything else (a first byte of 0), or a sound one with bytes changed.
/// Opening ends well or is refused with the file as it was.
enum JournalTarget {
    /// In memory where there is such a place, and removed at the end of the process.
    private static let scratch: ScratchDirectory = {
        let made = ScratchDirectory(under: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
        atexit { JournalTarget.scratch.remove() }
        return made
    }()

    /// An empty journal of this omsd, all of it in the main file.
    private static let sound: [UInt8] = {
        let path = scratch.file("sound.db")
        do throws(OpenError) {
            _ = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: "mm", venue: "az-futures", product: "usdt")])
        } catch {
            fatalError("no journal could be made: \(error)")
        }
        return readBytes(path) ?? []
    }()

    static func problem(with bytes: [UInt8]) -> String? {
        guard let first = bytes.first else { return nil }
        var file = sound
        if first == 0 {
            file = Array(bytes.dropFirst())
        } else if first == 1, bytes.count > 2 {
            file.removeLast(min(file.count, (Int(bytes[1]) << 8 | Int(bytes[2])) * 16))
        } else {
            // Four bytes a change: where, in 24 bits, and what.
            var at = 1
            while at + 4 <= bytes.count {
                let place = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
                file[place % file.count] = bytes[at + 3]
                at += 4
            }
        }
        let path = scratch.file("any.db")
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        do { try writeBytes(file, to: path) } catch { fatalError("\(error)") }
        do throws(OpenError) {
            let journal = try SQLiteJournal.open(path: path, accounts: [])
            do throws(JournalError) { _ = try journal.load() } catch { guard error.kind != .busy else { return "busy: \(error)" } }
        } catch {
            guard error.kind == .damaged || error.kind == .failed else { return "\(error.kind): \(error)" }
            guard readBytes(path) == file else { return "refused and changed: \(error)" }
            return nil
        }
        do throws(JournalError) { _ = try JournalVerifier.verify(path: path) } catch { guard error.kind != .busy else { return "busy: \(error)" } }
        return nil
    }
}
