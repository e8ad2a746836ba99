import Testing
import Wire

@Suite struct `Dates as HTTP writes them` {
    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
        ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400), ("Fri, 20 Nov 2026 20:00:00 GMT", 1_795_204_800),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
    ]) func `a date is so many seconds since 1970`(text: String, seconds: Int64) {
        #expect(secondsSince1970(httpDate: text) == seconds)
    }

    @Test(arguments: [
        "", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov +994 08:49:37 GMT", "Sun,  06 Nov 1994 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
    ]) func `anything else is no date`(text: String) { #expect(secondsSince1970(httpDate: text) == nil) }
}
