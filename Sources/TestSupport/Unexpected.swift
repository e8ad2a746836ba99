/// What a test runs into when the world around it is not as it should be: names what was waited for.
package struct Unexpected: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
