import OMSCore
import Synchronization

/// What waits for the core of a test that turns it by itself.
package final class Inputs: Sendable {
    private let waiting = Mutex<[Input]>([])
    package init() {}
    package func add(_ input: Input) { waiting.withLock { $0.append(input) } }
    package func take() -> [Input] {
        waiting.withLock { inputs in
            defer { inputs = [] }
            return inputs
        }
    }
    package var isEmpty: Bool { waiting.withLock(\.isEmpty) }
}
