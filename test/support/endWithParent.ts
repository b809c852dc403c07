/** Loaded before a program that a test starts: however the test's own process ends, the program ends with it. */
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.channel?.unref();
