"""The strategy that the check gives to freqtrade: buys at every candle and sells again after seconds, so that many orders come by."""

from freqtrade.strategy import IStrategy


class EveryCandle(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    startup_candle_count = 5
    process_only_new_candles = False
    can_short = False
    minimal_roi = {"0": 10.0}
    stoploss = -0.5
    use_exit_signal = True
    order_types = {"entry": "limit", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}
    order_time_in_force = {"entry": "GTC", "exit": "GTC"}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        return "the check has seen it"
