; The scale of the simulated filling point: gross weight as the Tuna ID551 and Eagle EI give it (float at 0x1000).
; Not for the real ones: their manuals' pages at hand do not state word order, table or weight unit.
[device]
name = Simulated scale
source = boards/sim; address as manualshive Tuna ID551PN p. 23 and Eagle EI-4000 p. 30
block_gap = 0
silence_ms = 0

[signal scale]
table = holding
address = 0x1000
base = 0
type = f32
order = 1-2-3-4
scale = 1
unit = kg
minimum = -20
maximum = 500
fault = nan
