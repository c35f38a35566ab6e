; Pressure transmitter, absolute version (PAA-33X), P1 in bar. A gauge version (PR-33X) needs unit = bar_gauge.
; NaN is a channel error, +Inf and -Inf over- and under-range: all are faults.
; Its temperature is that of the sensor in the gas line. block_gap 0: registers between are not read over.
[device]
name = Keller 30X/33X pressure transmitter
source = star.ke.st keller-series-30x; Keller bus protocol manual p. 13: PDU 2 P1, 6 TOB1, float big-endian
block_gap = 0
silence_ms = 5

[signal pressure]
table = holding
address = 2
base = 0
type = f32
order = 1-2-3-4
scale = 1
unit = bar
minimum = 0
maximum = 400
fault = nan

[signal temperature]
table = holding
address = 6
base = 0
type = f32
order = 1-2-3-4
scale = 1
unit = degC
minimum = -60
maximum = 120
fault = nan
