TITLE Node of Ranvier of the MRG myelinated axon model

COMMENT
Fast and persistent sodium, slow potassium and leak currents of McIntyre, Richardson and Grill 2002
(10.1152/jn.00353.2001), written from the equations, with absolute voltages (rest -80 mV). All
currents are nonspecific: the model has constant reversal potentials and no ion pools.
ENDCOMMENT

NEURON {
    SUFFIX mrg_node
    NONSPECIFIC_CURRENT i
    RANGE gna, gnap, gks, gleak
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gna = 3.0 (S/cm2)
    gnap = 0.01 (S/cm2)
    gks = 0.08 (S/cm2)
    gleak = 0.007 (S/cm2)
    ena = 50 (mV)
    ek = -90 (mV)
    eleak = -90 (mV)
    celsius (degC)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    warm_m
    warm_h
    warm_s
    am (/ms)
    ah (/ms)
    ap (/ms)
    as (/ms)
    sum_m (/ms)
    sum_h (/ms)
    sum_p (/ms)
    sum_s (/ms)
}

STATE { m h p s }

INITIAL {
    warm_m = 2.2^((celsius - 20)/10)
    warm_h = 2.9^((celsius - 20)/10)
    warm_s = 3.0^((celsius - 36)/10)
    rates(v)
    m = am/sum_m
    h = ah/sum_h
    p = ap/sum_p
    s = as/sum_s
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    i = (gna*m*m*m*h + gnap*p*p*p)*(v - ena) + gks*s*(v - ek) + gleak*(v - eleak)
}

DERIVATIVE gates {
    rates(v)
    m' = am - sum_m*m
    h' = ah - sum_h*h
    p' = ap - sum_p*p
    s' = as - sum_s*s
}

UNITSOFF

FUNCTION linoid(x, scale) {
    : x/(1 - exp(-x/scale)), continued through x = 0
    if (fabs(x/scale) < 1e-6) {
        linoid = scale
    } else {
        linoid = x/(1 - exp(-x/scale))
    }
}

PROCEDURE rates(v) {
    am = warm_m*1.86*linoid(v + 21.4, 10.3)
    sum_m = am + warm_m*0.086*linoid(-(v + 25.7), 9.16)
    ah = warm_h*0.062*linoid(-(v + 114), 11)
    sum_h = ah + warm_h*2.3/(1 + exp(-(v + 31.8)/13.4))
    ap = warm_m*0.01*linoid(v + 27, 10.2)
    sum_p = ap + warm_m*0.00025*linoid(-(v + 34), 10)
    as = warm_s*0.3/(1 + exp(-(v + 53)/5))
    sum_s = as + warm_s*0.03/(1 + exp(-(v + 90)))
}

UNITSON
