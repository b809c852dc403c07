import fc from "fast-check";

/**
 * Properties are tried on the same cases each time: a change either breaks them or it does not. Cases of another day are tried with
 * LAYOUTLAB_PROPERTY_SEED set to any integer.
 */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env["LAYOUTLAB_PROPERTY_SEED"] ?? 20261121) });
