import CLinux
import OMSCore
import Store

/// Files where a journal should be: either a whole one cut short or anything else (a first byte of 0), or a sound one with bytes changed.
/// Opening ends well or is refused with the file as it was.
enum JournalTarget {
    private static let folder: String = {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array((parent + "/omsd-fuzz-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no scratch folder under \(parent)") }
        let path = template.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
        atexit {
            for name in JournalTarget.names { unlink(JournalTarget.folder + "/" + name) }
            rmdir(JournalTarget.folder)
        }
        return path
    }()
    private static let names = ["", "-wal", "-shm", ".lock", ".ballast"].flatMap { ["sound.db" + $0, "any.db" + $0] }

    /// An empty journal of this omsd, all of it in the main file.
    private static let sound: [UInt8] = {
        let path = folder + "/sound.db"
        do throws(OpenError) {
            _ = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: "mm", venue: "az-futures", product: "usdt")])
        } catch {
            fatalError("no journal could be made: \(error)")
        }
        return read(path)
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
        let path = folder + "/any.db"
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        write(file, path)
        do throws(OpenError) {
            let journal = try SQLiteJournal.open(path: path, accounts: [])
            do throws(JournalError) { _ = try journal.load() } catch { guard error.kind != .busy else { return "busy: \(error)" } }
        } catch {
            guard error.kind == .damaged || error.kind == .failed else { return "\(error.kind): \(error)" }
            guard read(path) == file else { return "refused and changed: \(error)" }
            return nil
        }
        do throws(JournalError) { _ = try JournalVerifier.verify(path: path) } catch { guard error.kind != .busy else { return "busy: \(error)" } }
        return nil
    }

    private static func read(_ path: String) -> [UInt8] {
        let descriptor = omsd_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = CLinux.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    private static func write(_ bytes: [UInt8], _ path: String) {
        let descriptor = omsd_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0, CLinux.write(descriptor, bytes, bytes.count) == bytes.count else { fatalError("\(path) cannot be written") }
        close(descriptor)
    }
}
