/// The release, as all three programs print it.
package let omsdVersion = "0.2.0"
