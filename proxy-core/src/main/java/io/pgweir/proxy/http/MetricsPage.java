package io.pgweir.proxy.http;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Renders the metrics in Prometheus' text format. One thread. */
final class MetricsPage implements AutoCloseable {
    /** The only form that is served: that in protobuf is not in the jar. */
    private static final String TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

    /** Meters of Micrometer's whose names are not as Prometheus wants them. */
    private static final List<String> UNFIT = List.of("process.cpu.time", "system.cpu.count");

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final PrometheusMeterRegistry meters =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, registry, Clock.SYSTEM);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();

    MetricsPage(PoolCollector pools) {
        registry.register(pools);
        UNFIT.forEach(name -> meters.config().meterFilter(MeterFilter.denyNameStartsWith(name)));
        new JvmMemoryMetrics().bindTo(meters);
        garbageCollection.bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
        new ClassLoaderMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        new FileDescriptorMetrics().bindTo(meters);
        new UptimeMetrics().bindTo(meters);
    }

    Answer render() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(32 << 10);
        try {
            meters.scrape(out, TEXT_FORMAT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Answer(HttpResponseStatus.OK, TEXT_FORMAT, out.toByteArray());
    }

    @Override
    public void close() {
        garbageCollection.close();
        meters.close();
    }
}
