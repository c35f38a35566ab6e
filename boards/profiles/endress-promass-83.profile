; Coriolis meter, also Promass 84 and the CNGmass family. At commissioning: flow in kg/min; totalizers 1 and 2 assigned
; to mass, in g, fault behaviour of the current value to NaN ("last valid value" would hide a fault).
; Totalizer 1 is the resettable total. Totalizer 2 is the inventory: never reset it (lock the function).
; A totalizer holds 7 digits in SUM and the rest, in multiples of ten millions, in OVERFLOW; the truth is their sum.
; A 32-bit float tells single grams up to those 7 digits.
; The order register 4915 counts byte 0 as the least significant: 3 = 1-0-3-2 is 3-4-1-2 here (factory).
[device]
name = Endress+Hauser Promass 83/84
source = Promass 84 manual manualslib 3142319 p. 46; Promass 83 BA107D p. 56, 108 (easymanua.ls 663244)
block_gap = 0
silence_ms = 10

[order]
table = holding
address = 4915
base = 1
map = 0=4-3-2-1,1=1-2-3-4,2=2-1-4-3,3=3-4-1-2

[status]
table = holding
address = 6859
base = 1
mask = 0xFFFF
good = 1

[signal flow]
table = holding
address = 2007
base = 1
type = f32
order = register:4914
scale = 1
unit = kg/min
minimum = -5
maximum = 150
fault = nan

[signal total]
table = holding
address = 2610
base = 1
overflow_address = 2612
overflow_step = 10000000
type = f32
order = register:4914
scale = 1
unit = g
minimum = -1000000
maximum = 1e14
fault = nan

[signal inventory]
table = holding
address = 2810
base = 1
overflow_address = 2812
overflow_step = 10000000
type = f32
order = register:4914
scale = 1
unit = g
minimum = -1000000
maximum = 1e14
fault = nan
