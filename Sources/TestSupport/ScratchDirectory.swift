import CLinux

/// A folder of a test's own, gone with it.
package final class ScratchDirectory: Sendable {
    package let path: String

    /// Made under `TMPDIR`, or `/tmp`.
    package init() {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/omsd-test-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            fatalError("no scratch folder can be made under \(parent): \(String(cString: strerror(omsd_errno())))")
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { Self.remove(path) }

    /// The path of a file in it.
    package func file(_ name: String) -> String { path + "/" + name }

    private static func remove(_ path: String) {
        var status = stat()
        // A link to a folder is a link: what it leads to is not ours.
        if lstat(path, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR), let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            closedir(folder)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
