/** Words for whoever started us: what is wrong and what to do. Printed as they are, exit code 1. */
export class SetupError extends Error {}
