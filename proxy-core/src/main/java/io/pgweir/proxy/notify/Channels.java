package io.pgweir.proxy.notify;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who is in which channel. One thread. */
final class Channels {
    private final int loops;
    private final Map<String, Channel> byName = new LinkedHashMap<>();
    private final Map<Subscriber, Integer> memberships = new HashMap<>();

    Channels(int loops) {
        this.loops = loops;
    }

    /** The members of one channel, by loop; an array once handed out does not change. */
    private final class Channel {
        private final Set<Subscriber> members = new LinkedHashSet<>();
        private Subscriber @Nullable [][] byLoop;

        Subscriber[][] byLoop() {
            Subscriber[][] known = byLoop;
            if (known == null) {
                byLoop = known = Channels.this.byLoop(members);
            }
            return known;
        }
    }

    /** By index of their loop. */
    Subscriber[][] byLoop(Collection<Subscriber> subscribers) {
        Subscriber[][] parts = new Subscriber[loops][];
        for (int i = 0; i < loops; i++) {
            int loop = i;
            parts[i] = subscribers.stream()
                    .filter(subscriber -> subscriber.loop().index() == loop)
                    .toArray(Subscriber[]::new);
        }
        return parts;
    }

    void join(Subscriber subscriber, Collection<String> channels) {
        for (String name : channels) {
            Channel channel = byName.computeIfAbsent(name, ignored -> new Channel());
            if (channel.members.add(subscriber)) {
                channel.byLoop = null;
                memberships.merge(subscriber, 1, Integer::sum);
            }
        }
    }

    void leave(Subscriber subscriber, Collection<String> channels) {
        for (String name : channels) {
            Channel channel = byName.get(name);
            if (channel != null && channel.members.remove(subscriber)) {
                channel.byLoop = null;
                memberships.computeIfPresent(subscriber, (key, count) -> count == 1 ? null : count - 1);
                if (channel.members.isEmpty()) {
                    byName.remove(name);
                }
            }
        }
    }

    /** The members of a channel by index of their loop, or null if it has none. */
    Subscriber @Nullable [][] members(String name) {
        Channel channel = byName.get(name);
        return channel == null ? null : channel.byLoop();
    }

    /** The channels that have members; a view. */
    Set<String> names() {
        return byName.keySet();
    }

    /** Everybody who is in a channel; a view. */
    Set<Subscriber> subscribers() {
        return memberships.keySet();
    }

    boolean isEmpty() {
        return byName.isEmpty();
    }
}
