package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.ClientBounds;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NewcomersTest {
    private static final long HEAP = 512L << 20;

    @Test
    void eachAddressHasItsShareAndAllTogetherHaveALimit() throws UnknownHostException {
        Newcomers newcomers = new Newcomers(new ClientBounds(5, 3, 0), HEAP);
        List<Newcomers.Newcomer> first = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            first.add(newcomers.arrive(at("192.0.2.1")));
        }
        assertThat(first).allMatch(newcomer -> newcomer.refusal() == null);
        Newcomers.Newcomer fourth = newcomers.arrive(at("192.0.2.1"));
        assertThat(fourth.refusal()).isNotNull();
        assertThat(fourth.refusal().code()).isEqualTo("53300");
        assertThat(fourth.refusal().message()).contains("3 of 3 (max_unauthenticated_per_address)");
        assertThat(newcomers.arrive(at("192.0.2.2")).refusal()).isNull();
        assertThat(newcomers.arrive(at("192.0.2.3")).refusal()).isNull();
        Newcomers.Newcomer sixth = newcomers.arrive(at("192.0.2.4"));
        assertThat(sixth.refusal()).isNotNull();
        assertThat(sixth.refusal().message()).contains("5 of 5 (max_unauthenticated)");
        assertThat(newcomers.present()).isEqualTo(5);
        assertThat(newcomers.refused()).isEqualTo(1);
        assertThat(newcomers.refusedOfAddress()).isEqualTo(1);
    }

    @Test
    void whoLeavesLeavesOnceAndNothingBehind() throws UnknownHostException {
        Newcomers newcomers = new Newcomers(new ClientBounds(2, 1, 0), HEAP);
        Newcomers.Newcomer one = newcomers.arrive(at("192.0.2.1"));
        Newcomers.Newcomer other = newcomers.arrive(at("192.0.2.2"));
        Newcomers.Newcomer refused = newcomers.arrive(at("192.0.2.2"));
        refused.leave();
        one.leave();
        one.leave();
        assertThat(newcomers.present()).isEqualTo(1);
        assertThat(newcomers.networks()).isEqualTo(1);
        other.leave();
        assertThat(newcomers.networks()).isZero();
        for (int i = 0; i < 10_000; i++) {
            newcomers.arrive(at("198.51." + i / 250 + "." + i % 250)).leave();
            newcomers.arrive(at("2001:db8:" + Integer.toHexString(i) + "::1")).leave();
        }
        assertThat(newcomers.networks()).isZero();
        assertThat(newcomers.present()).isZero();
    }

    @Test
    void theTableIsNotLongerThanThereAreConnections() throws UnknownHostException {
        Newcomers newcomers = new Newcomers(new ClientBounds(50, 10, 0), HEAP);
        for (int i = 0; i < 10_000; i++) {
            newcomers.arrive(at("203.0." + i / 250 + "." + i % 250));
        }
        assertThat(newcomers.networks()).isEqualTo(50);
    }

    @Test
    void ofIpv6TheNetworkCounts() throws UnknownHostException {
        Newcomers newcomers = new Newcomers(new ClientBounds(5, 1, 0), HEAP);
        assertThat(newcomers.arrive(at("2001:db8:1:2::1")).refusal()).isNull();
        assertThat(newcomers.arrive(at("2001:db8:1:2:ffff::1")).refusal()).isNotNull();
        assertThat(newcomers.arrive(at("2001:db8:1:3::1")).refusal()).isNull();
    }

    @Test
    void withoutASettingTheHeapDecides() throws UnknownHostException {
        assertThat(taken(new Newcomers(new ClientBounds(0, 0, 0), 4L << 30))).isEqualTo(2000);
        assertThat(taken(new Newcomers(new ClientBounds(0, 0, 0), 64L << 20))).isBetween(1500, 2000);
        assertThat(taken(new Newcomers(new ClientBounds(0, 0, 0), 16L << 20))).isBetween(400, 500);
        assertThat(taken(new Newcomers(new ClientBounds(10, 0, 0), HEAP))).isEqualTo(5);
        assertThat(taken(new Newcomers(new ClientBounds(1, 0, 0), HEAP))).isEqualTo(1);
    }

    @Test
    void threadsDoNotLoseCount() throws Exception {
        Newcomers newcomers = new Newcomers(new ClientBounds(20, 5, 0), HEAP);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CountDownLatch done = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            threads.execute(() -> {
                for (int i = 0; i < 20_000; i++) {
                    newcomers
                            .arrive(new InetSocketAddress("192.0.2." + i % 7, 1))
                            .leave();
                }
                done.countDown();
            });
        }
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        threads.shutdown();
        assertThat(newcomers.present()).isZero();
        assertThat(newcomers.networks()).isZero();
    }

    private static int taken(Newcomers newcomers) throws UnknownHostException {
        int count = 0;
        while (newcomers.arrive(at("192.0.2.1")).refusal() == null) {
            count++;
        }
        return count;
    }

    private static InetSocketAddress at(String address) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(address), 4711);
    }
}
