import Containers
import OMSCore

/// Private streams of histories of the fourth version.
extension Scenario {
    mutating func addStreams(seed: UInt64) {
        var random = SplitMix64(seed: mixedSeed(seed, "streams"))
        options.streams = .drawn(&random)
        for index in options.setups.indices {
            let pace = options.setups[index].reconcileIntervalMs
            options.setups[index].reconcileLiveMs = max(pace, random.between(8_000, 60_000))
        }
    }
}

extension StreamWeather {
    /// A kind of stream, and what goes wrong with it.
    package static func drawn(_ random: inout SplitMix64) -> StreamWeather {
        var kind = StreamKind()
        kind.login = [.upgrade, .message, .subscription][Int(random.below(3))]
        (kind.tellsFills, kind.hasVersions, kind.namesClients) = (random.chance(0.6), random.chance(0.6), random.chance(0.7))
        kind.isBySymbol = random.chance(0.25)
        if random.chance(0.3) { kind.lifeMs = random.between(8_000, 30_000) }
        (kind.tokenLifeMs, kind.heartbeatMs) = (random.between(12_000, 60_000), 4_000)
        var weather = StreamWeather(kind)
        func sometimes(_ most: Double) -> Double { random.chance(0.35) ? most * Double(random.below(100)) / 100 : 0 }
        (weather.lost, weather.doubled, weather.late) = (sometimes(0.6), sometimes(0.5), sometimes(0.3))
        (weather.flooded, weather.nameless, weather.differing, weather.foreign) = (sometimes(0.1), sometimes(0.6), sometimes(0.6), sometimes(0.3))
        (weather.cut, weather.cutInDoubt, weather.shortLived) = (sometimes(0.3), sometimes(0.9), sometimes(0.9))
        (weather.mute, weather.deaf) = (sometimes(0.4), sometimes(0.3))
        (weather.tokenRefused, weather.loginRefused, weather.clockRefused) = (sometimes(0.5), sometimes(0.4), sometimes(0.4))
        weather.isMute = random.chance(0.06)
        weather.delayUs = 1_000...[5_000, 50_000, 2_000_000][Int(random.below(3))]
        return weather
    }
}
