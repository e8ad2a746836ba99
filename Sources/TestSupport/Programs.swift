import CLinux

/// Runs a program to its end; its exit status, or -1.
package func runProgram(_ arguments: [String]) -> Int32 {
    var pid = pid_t()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream in 1...2 as ClosedRange<Int32> { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0) }
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    defer { words.forEach { free($0) } }
    words.append(nil)
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    guard posix_spawnp(&pid, arguments[0], &actions, nil, words, &environment) == 0 else { return -1 }
    var status: Int32 = 0
    guard waitpid(pid, &status, 0) == pid, status & 0x7F == 0 else { return -1 }
    return status >> 8 & 0xFF
}

/// Debian's Python, which has the libraries that protocols are held against (scripts/setup installs them).
package func runOracle(_ arguments: [String]) -> Int32 {
    let tree = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
    return runProgram(["/usr/bin/python3", "-B", "/\(tree)/Tests/oracle/websocket.py"] + arguments)
}
