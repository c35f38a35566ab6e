; Coriolis meter. Unit registers 39, 45 and 46 must be set to g/s (70) and g (60) at commissioning.
; The float byte order is told by register 521; attaching the core to a transmitter changes it silently.
; 0x7FA00000 is the meter's mark of a bad value.
; A 32-bit float loses single grams above 16.7 t.
[device]
name = Micro Motion MVD (1000/2000, core processor, CNG050)
source = github ynaletski/pouring-MicroMotion-and-Shtray Mvd.c; Micro Motion 20002273 p. 28 (register 521)
block_gap = 2
silence_ms = 5

[order]
table = holding
address = 521
base = 1
map = 0=1-2-3-4,1=3-4-1-2,2=2-1-4-3,3=4-3-2-1

[signal flow]
table = holding
address = 247
base = 1
type = f32
order = register:520
scale = 1
unit = g/s
minimum = -50
maximum = 2500
fault = nan, 0x7FA00000

[signal total]
table = holding
address = 259
base = 1
type = f32
order = register:520
scale = 1
unit = g
minimum = -100000
maximum = 1000000000
fault = nan, 0x7FA00000

[signal inventory]
table = holding
address = 263
base = 1
type = f32
order = register:520
scale = 1
unit = g
minimum = -100000
maximum = 1000000000
fault = nan, 0x7FA00000
