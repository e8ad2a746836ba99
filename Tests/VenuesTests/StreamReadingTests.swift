import OMSCore
import Testing
import Wire

@testable import Venues

/// What the streams of the venues say, read by their dialects.
@Suite struct `Pushes of every venue` {
    @Test(arguments: StreamFixture.all) func `a message is read as its fixture says`(_ fixture: StreamFixture) {
        let now = told(fixture.dialect.read(fixture.message))
        #expect(now == fixture.expected || recordsFixtures && fixture.expected.isEmpty)
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `what the fixtures leave out is written down to be read by a person`(_ venue: String) throws
    {
        for generation in StreamGeneration.allCases {
            let fixtures = StreamFixture.of(venue, generation)
            if recordsFixtures, fixtures.contains(where: \.expected.isEmpty) {
                let sections = fixtures.map { $0.text($0.expected.isEmpty ? told($0.dialect.read($0.message)) : $0.expected) }
                try writeFixture(StreamFixture.file(venue, generation), sections.joined(separator: "\n"))
            }
            #expect(fixtures.allSatisfy { !$0.expected.isEmpty } || recordsFixtures)
        }
    }
}
