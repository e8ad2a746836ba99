/// A header prints as its name: values carry keys and passphrases.
extension HTTPHeader: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(name): …" }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
