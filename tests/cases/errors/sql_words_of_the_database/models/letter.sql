select chr(-1) as c
