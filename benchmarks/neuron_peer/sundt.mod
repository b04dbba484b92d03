TITLE Membrane of the Sundt C fibre

COMMENT
Sodium, delayed rectifier potassium and leak currents of the C-fibre axon of Sundt, Gamper and Jaffe
2015 (10.1152/jn.00226.2015), written from the equations, with absolute voltages (rest -60 mV). All
currents are nonspecific: the model has constant reversal potentials and no ion pools.
ENDCOMMENT

NEURON {
    SUFFIX sundt
    NONSPECIFIC_CURRENT i
    RANGE gna, gk, gleak
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gna = 0.04 (S/cm2)
    gk = 0.04 (S/cm2)
    gleak = 1e-4 (S/cm2)
    ena = 50 (mV)
    ek = -90 (mV)
    eleak = -60 (mV)
    celsius (degC)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    warm
    per_mV (/mV)
    am (/ms)
    sum_m (/ms)
    ah (/ms)
    sum_h (/ms)
    ninf
    ntau (ms)
    linf
    ltau (ms)
}

STATE { m h n l }

INITIAL {
    warm = 3^((celsius - 30)/10)
    per_mV = 9.648e4/(8.315*(273.16 + celsius))
    rates(v)
    m = am/sum_m
    h = ah/sum_h
    n = ninf
    l = linf
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    i = gna*m*m*m*h*(v - ena) + gk*n*n*n*l*(v - ek) + gleak*(v - eleak)
}

DERIVATIVE gates {
    rates(v)
    m' = am - sum_m*m
    h' = ah - sum_h*h
    n' = (ninf - n)/ntau
    l' = (linf - l)/ltau
}

UNITSOFF

FUNCTION ratio(x, y) {
    : x/(exp(x/y) - 1), continued through x = 0
    if (fabs(x/y) < 1e-6) {
        ratio = y
    } else {
        ratio = x/(exp(x/y) - 1)
    }
}

PROCEDURE rates(v) {
    LOCAL u, an, al
    u = v + 65
    am = warm*0.32*ratio(13.1 - (u - 6), 4)
    sum_m = am + warm*0.28*ratio((u - 6) - 40.1, 5)
    ah = warm*0.128*exp((17 - (u + 6))/18)
    sum_h = ah + warm*4/(exp((40 - (u + 6))/5) + 1)
    an = exp(-5e-3*(v + 32)*per_mV)
    ninf = 1/(1 + an)
    ntau = exp(-2e-3*(v + 32)*per_mV)/(warm*0.03*(1 + an))
    al = exp(2e-3*(v + 61)*per_mV)
    linf = 1/(1 + al)
    ltau = al/(warm*0.001*(1 + al))
}

UNITSON
