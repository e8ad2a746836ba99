import ControlAPI
import OMSCore

extension ControlError {
    /// An error of the protocol, not of the core: asking once more changes nothing.
    init(_ code: ErrorCode, _ message: String) { self.init(code: code.rawValue, reason: code.reason, message: message, retryable: .no) }

    package static func invalidRequest(_ message: String) -> Self { .init(.requestInvalid, message) }
}

extension CallError {
    package init(_ error: ControlError) {
        self.init()
        (code, message) = (Int64(error.code), error.message)
        (data.reason, data.retryable) = (error.reason, error.retryable.rawValue)
        data.details = error.details.map { detail in
            var shown = Detail()
            (shown.list, shown.index, shown.field, shown.problem) = (detail.list, Int64(detail.index), detail.field, detail.problem)
            return shown
        }
    }
}
