import CLinux

/// Runs a closure on a thread of its own.
final class Feeder: @unchecked Sendable {
    private let body: @Sendable () -> Void
    private var thread = pthread_t()
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    func start() {
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Feeder>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }
    func join() { pthread_join(thread, nil) }
}
