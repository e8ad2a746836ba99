import CLinux
import Kernel

/// A folder of a test's own, gone with it.
package final class ScratchDirectory: Sendable {
    package let path: String

    /// - Parameter parent: Where it is made; nil: `TMPDIR`, or `/tmp`.
    package init(under parent: String? = nil) {
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/omsd-test-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no scratch folder can be made under \(parent): \(errorText(omsd_errno()))") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove() }

    /// For one that lives as long as its process: nobody ends it otherwise.
    package func remove() { Self.remove(path) }

    /// The path of a file in it.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file and returns its path.
    package func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try writeText(text, to: file(name), mode: mode)
        return file(name)
    }

    package func makeFolder(_ name: String) throws -> String {
        guard mkdir(file(name), 0o700) == 0 else { throw Unexpected("the folder \(file(name)) cannot be made: \(errorText(omsd_errno()))") }
        return file(name)
    }

    private static func remove(_ path: String) {
        var status = stat()
        // A link to a folder is a link: what it leads to is not ours.
        if lstat(path, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR), let entries = names(in: path) {
            for name in entries { remove(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
