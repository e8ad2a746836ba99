import CLinux

/// A line that says how far a long piece of work is, for a person.
final class Progress {
    private let terminal: any Terminal
    private var saidAt: Int64 = 0
    private var widest = 0

    init(_ terminal: any Terminal) { self.terminal = terminal }

    func say(_ text: String) {
        guard terminal.isInteractive, omsd_clock_us(CLOCK_BOOTTIME) - saidAt > 100_000 else { return }
        saidAt = omsd_clock_us(CLOCK_BOOTTIME)
        let line = String(text.escapedForTerminal.prefix(columns: max(20, terminal.width - 1)))
        terminal.err("\r" + line + String(repeating: " ", count: max(0, widest - line.columns)))
        widest = max(widest, line.columns)
    }

    func end() {
        if widest > 0 { terminal.err("\r" + String(repeating: " ", count: widest) + "\r") }
    }
}
