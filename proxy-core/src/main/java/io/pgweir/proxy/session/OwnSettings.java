package io.pgweir.proxy.session;

import io.pgweir.protocol.sql.PrefixedSetting;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.settings.ClientLimit;
import io.pgweir.proxy.settings.Suggestions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings called {@code pgweir.NAME}, which a client has with pgweir and PostgreSQL never sees: which there are, what
 * their values may be, what setting one says. Without state.
 */
final class OwnSettings {
    static final String PREFIX = "pgweir.";
    private static final String LABEL = "label";
    private static final int LONGEST_LABEL = 63;

    private OwnSettings() {}

    /** Whether a startup parameter is one of them. */
    static boolean isOne(String parameter) {
        return parameter.toLowerCase(Locale.ROOT).startsWith(PREFIX);
    }

    /**
     * Reads the startup parameters among them.
     *
     * @param parameters by name with the prefix, in lower case
     * @param problem takes the first thing that is wrong, if something is
     */
    static Wishes startup(Map<String, String> parameters, java.util.function.Consumer<ErrorFields> problem) {
        Wishes wishes = Wishes.NONE;
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            PrefixedSetting setting = new PrefixedSetting(
                    PrefixedSetting.Kind.SET, parameter.getKey().substring(PREFIX.length()), parameter.getValue());
            ErrorFields wrong = problem(setting);
            if (wrong != null) {
                problem.accept(wrong);
                return Wishes.NONE;
            }
            ClientLimit limit = ClientLimit.of(setting.name());
            wishes = limit == null
                    ? wishes.withLabel(parameter.getValue())
                    : wishes.with(limit, limit.parse(parameter.getValue()));
        }
        return wishes;
    }

    /** What is wrong with a statement, or null. */
    static @Nullable ErrorFields problem(PrefixedSetting setting) {
        switch (setting.kind()) {
            case MALFORMED -> {
                return ClientError.OWN_SETTING_SYNTAX.with();
            }
            case NOT_ALONE -> {
                return ClientError.OWN_SETTING_NOT_ALONE.with(shortened(setting.name()));
            }
            default -> {}
        }
        ClientLimit limit = ClientLimit.of(setting.name());
        if (limit == null && !setting.name().equals(LABEL)) {
            List<String> known = new ArrayList<>(ClientLimit.labels());
            known.add(LABEL);
            return ClientError.UNKNOWN_OWN_SETTING.with(
                    shortened(setting.name()), Suggestions.didYouMean(setting.name(), known), String.join(", ", known));
        }
        String value = setting.value();
        if (value == null) {
            return null;
        }
        if (limit == null) {
            boolean good = value.length() <= LONGEST_LABEL && value.chars().noneMatch(Character::isISOControl);
            return good
                    ? null
                    : ClientError.WRONG_OWN_VALUE.with(
                            LABEL, "write at most " + LONGEST_LABEL + " characters, none of them a control character");
        }
        try {
            limit.parse(value);
            return null;
        } catch (IllegalArgumentException e) {
            return ClientError.WRONG_OWN_VALUE.with(limit.label(), e.getMessage());
        }
    }

    private static String shortened(String name) {
        return name.length() <= LONGEST_LABEL ? name : name.substring(0, LONGEST_LABEL);
    }

    /**
     * Carries out a SET or RESET without {@link #problem}.
     *
     * @return a notice that less is in force than was asked for, or null
     */
    static @Nullable ErrorFields apply(PrefixedSetting setting, ClientLimits limits) {
        boolean local = setting.kind() == PrefixedSetting.Kind.SET_LOCAL;
        String value = setting.value();
        ClientLimit limit = ClientLimit.of(setting.name());
        if (limit == null) {
            limits.setLabel(value, local);
            return null;
        }
        Duration wish = value == null ? null : limit.parse(value);
        limits.set(limit, wish, local);
        return wish == null ? null : notice(limit, wish, limits);
    }

    private static @Nullable ErrorFields notice(ClientLimit limit, Duration wish, ClientLimits limits) {
        Duration inForce = limits.inForce(limit);
        return inForce.equals(wish)
                ? null
                : ClientError.LIMIT_NARROWED.with(limit.label(), limit.text(inForce), limit.text(wish));
    }

    /** The notices for what the startup asked for. */
    static List<ErrorFields> notices(Wishes startup, ClientLimits limits) {
        List<ErrorFields> notices = new ArrayList<>(0);
        startup.limits().forEach((limit, wish) -> {
            ErrorFields notice = notice(limit, wish, limits);
            if (notice != null) {
                notices.add(notice);
            }
        });
        return notices;
    }

    /** What SHOW gives. */
    static String show(PrefixedSetting setting, ClientLimits limits) {
        ClientLimit limit = ClientLimit.of(setting.name());
        if (limit != null) {
            return limit.text(limits.inForce(limit));
        }
        String label = limits.label();
        return label == null ? "" : label;
    }
}
