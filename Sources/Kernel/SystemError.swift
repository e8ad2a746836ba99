import CLinux

/// A system call that failed, with the kernel's reason.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let code: Int32
    package init(_ call: String, errno code: Int32 = omsd_errno()) { (self.call, self.code) = (call, code) }
    package var description: String { "\(call): \(errorText(code))" }
}

/// The system's words for an error number.
package func errorText(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let start = buffer.baseAddress, let text = strerror_r(code, start, buffer.count) else { return "error \(code)" }
        return String(cString: text)
    }
}

/// Microseconds of CLOCK_BOOTTIME, which runs through suspend: the axis of all deadlines.
package func bootTime() -> Int64 { Int64(omsd_clock_us(CLOCK_BOOTTIME)) }
