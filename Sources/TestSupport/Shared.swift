import Synchronization

/// A value that several threads may change.
package final class Shared<Value: Sendable>: Sendable {
    package let value: Mutex<Value>
    package init(_ value: Value) { self.value = Mutex(value) }
    package var now: Value { value.withLock { $0 } }
}
