package io.pgweir.demo;

/**
 * What the command line says.
 *
 * @param port where the proxy listens
 * @param http where its health and metrics are
 * @param connectionLimit backends of the proxy's pool
 * @param clients connections of the workload; 0: no workload
 * @param seconds how long to run; 0: until a signal
 */
record DemoOptions(int port, int http, int connectionLimit, int clients, int seconds) {}
