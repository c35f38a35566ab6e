; Coriolis meter, also Promass 84 and the CNGmass family. Units must be set to kg/min and kg at commissioning,
; and the fault behaviour to NaN: "last valid value" would hide a fault.
; Totalizer 1 is the resettable total; it is right only while it has not overflowed (7 digits).
; No inventory: the true sum is OVERFLOW + SUM (2612 and 2610), two values that a profile cannot add.
; The order register 4915 counts byte 0 as the least significant: 3 = 1-0-3-2 is 3-4-1-2 here (factory).
[device]
name = Endress+Hauser Promass 83/84
source = Promass 84 manual manualslib 3142319 p. 46; Promass 83 BA107D p. 56 and 108 (easymanua.ls 663244)
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
type = f32
order = register:4914
scale = 1
unit = kg
minimum = -1000
maximum = 9999999
fault = nan
