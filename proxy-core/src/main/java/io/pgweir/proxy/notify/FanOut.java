package io.pgweir.proxy.notify;

import io.pgweir.proxy.net.LoopContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Brings what one read of the listening backend gave to the subscribers' loops: one task for each loop. One thread. */
final class FanOut {
    /** @param notification null: notifications may be missing here */
    private record Delivery(@Nullable Notification notification, Subscriber[] to) {}

    private final List<LoopContext> loops;
    private final List<List<Delivery>> byLoop = new ArrayList<>();

    FanOut(List<LoopContext> loops) {
        this.loops = loops;
        loops.forEach(loop -> byLoop.add(new ArrayList<>()));
    }

    /** @param to by index of their loop; null: everybody in {@code to} may have missed some */
    void add(@Nullable Notification notification, Subscriber[][] to) {
        for (int i = 0; i < to.length; i++) {
            if (to[i].length > 0) {
                byLoop.get(i).add(new Delivery(notification, to[i]));
            }
        }
    }

    /** Sends off what has been added. */
    void flush() {
        for (int i = 0; i < byLoop.size(); i++) {
            List<Delivery> deliveries = byLoop.get(i);
            if (!deliveries.isEmpty()) {
                byLoop.set(i, new ArrayList<>());
                loops.get(i).loop().execute(() -> deliver(deliveries));
            }
        }
    }

    private static void deliver(List<Delivery> deliveries) {
        Set<Subscriber> all = new LinkedHashSet<>();
        for (Delivery delivery : deliveries) {
            for (Subscriber subscriber : delivery.to) {
                all.add(subscriber);
                if (delivery.notification == null) {
                    subscriber.missed();
                } else {
                    subscriber.notified(delivery.notification);
                }
            }
        }
        all.forEach(Subscriber::deliver);
    }
}
