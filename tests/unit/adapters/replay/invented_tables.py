"""Small invented files in the layouts that researchers bring: three strikes of NIFTY on 25 November 2024."""

from __future__ import annotations

import zipfile
from pathlib import Path

PRICES = {24_200: (180.0, 60.0), 24_300: (120.0, 100.0), 24_400: (75.0, 155.0)}
SPOT = 24_315.95
UDIFF = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,FinInstrmNm,"
    "OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,"
    "TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1"
)
BHAVCOPY = (
    "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,SETTLE_PR,CONTRACTS,VAL_INLAKH,OPEN_INT,CHG_IN_OI,"
    "TIMESTAMP,"
)
Option = tuple[int, str, float]


def options() -> list[Option]:
    """Strike, side and price of each option."""
    return [
        (strike, side, price)
        for strike, pair in PRICES.items()
        for side, price in zip(("CE", "PE"), pair, strict=True)
    ]


def udiff_row(
    strike: int, side: str, price: float, *, day: str = "2024-11-25", interest: int = 75_000
) -> str:
    """One option as UDiFF has it: interest in units, 1,200 lots of volume, a lot of 25."""
    fields = [day, day, "FO", "NSE", "IDO", "1", "", "NIFTY", "", "2024-11-28", "2024-11-28"]
    prices = [price, price + 5, price - 5, price, price, price + 1, SPOT, price]
    counts = [str(interest), "150", "1200", "1", "1", "F1", "25", "", ""]
    return ",".join([*fields, f"{strike}.00", side, "x", *map(str, prices), *counts])


def udiff(directory: Path, *more: str, interest: int = 75_000) -> Path:
    """Write a packed end-of-day file with a stock's option in it, and further lines."""
    stock = udiff_row(1_800, "CE", 20.0).replace("IDO", "STO").replace("NIFTY", "INFY")
    lines = [UDIFF, *(udiff_row(*option, interest=interest) for option in options()), stock, *more]
    path = directory / "BhavCopy_NSE_FO_0_0_0_20241125_F_0000.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("BhavCopy_NSE_FO_0_0_0_20241125_F_0000.csv", "\n".join([*lines, ""]))
    return path


def bhavcopy(directory: Path) -> Path:
    """Write an end-of-day file of 31 July 2023, each line ending with a comma."""
    lines = [BHAVCOPY]
    for strike, side, price in options():
        prices = f"{price},{price + 5},{price - 5},{price},{price}"
        lines.append(
            f"OPTIDX,NIFTY,03-Aug-2023,{strike - 4600},{side},{prices},1200,1,75000,-50,31-JUL-2023,"
        )
    path = directory / "fo31JUL2023bhav.csv"
    path.write_bytes("\r\n".join([*lines, ""]).encode())
    return path


def side_by_side(directory: Path) -> Path:
    """Write two minutes with a call and a put in one row, as a spreadsheet in India saves it."""
    lines = ["datetime,underlying,expiry,strike,spot,CE_ltp,CE_oi,CE_volume,PE_ltp,PE_oi,PE_volume"]
    for minute in range(2):
        for strike, (call, put) in PRICES.items():
            figures = f'{call},"1,25,000",2500,{put},"2,50,000",5000'
            instant = f"25-Nov-2024 11:0{minute}:00"
            lines.append(f'{instant},NIFTY,28-Nov-2024,{strike},"24,315.95",{figures}')
    path = directory / "sides.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    return path


def candles(directory: Path, *, day: bool = False) -> Path:
    """Write a file of minute bars for each contract, named as Kite names it, or of one day's bar."""
    folder = directory / "candles"
    folder.mkdir()
    clocks = ["00:00:00"] if day else ["11:00:00", "11:01:00", "11:02:00"]
    for strike, side, price in options():
        lines = ["date,open,high,low,close,volume,oi"]
        lines += [
            f"2024-11-25 {clock}+05:30,{price},{price},{price},{price},250,125000"
            for clock in clocks
        ]
        (folder / f"NIFTY24N28{strike}{side}.csv").write_text("\n".join(lines))
    return folder


def feed(directory: Path) -> Path:
    """Write bars that name their contracts by symbols, a future among them."""
    lines = ["Ticker,Date,Time,Open,High,Low,Close,Volume,Open Interest"]
    for strike, side, price in options():
        for minute in range(2):
            ticker = f"NIFTY28NOV24{strike}{side}.NFO,25/11/2024,11:0{minute}:59"
            lines.append(f"{ticker},{price},{price},{price},{price},250,125000")
    lines.append("NIFTY-I.NFO,25/11/2024,11:00:59,1,1,1,1,1,1")
    path = directory / "feed.csv"
    path.write_text("\n".join(lines))
    return path


def page(directory: Path) -> Path:
    """Write what the exchange's page of a chain saves: two lines of names, counts of contracts."""
    calls = ",OI,CHNG IN OI,VOLUME,IV,LTP,CHNG,BID QTY,BID,ASK,ASK QTY"
    puts = "BID QTY,BID,ASK,ASK QTY,CHNG,LTP,IV,VOLUME,CHNG IN OI,OI,"
    lines = ["CALLS,,PUTS", f"{calls},STRIKE,{puts}"]
    for strike, (call, put) in PRICES.items():
        calls = f'"25,000",120,"1,50,000",12.1,{call},1,75,{call - 1},{call + 1},75'
        puts = f'75,{put - 1},{put + 1},75,1,{put},12.5,"1,20,000",-,"30,000"'
        lines.append(f',{calls},"{strike:,}.00",{puts},')
    path = directory / "option-chain-ED-NIFTY-28-Nov-2024.csv"
    path.write_text("\n".join(lines))
    return path
