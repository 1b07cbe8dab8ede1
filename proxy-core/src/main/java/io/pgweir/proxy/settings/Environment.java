package io.pgweir.proxy.settings;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The environment variables that mean something to pgweir. An empty variable counts as absent. */
final class Environment {
    static final String DATABASE_URL = "DATABASE_URL";
    private static final String PREFIX = "PGWEIR_";
    /** Read by the launcher and by the tests. */
    private static final Pattern NOT_OURS = Pattern.compile("PGWEIR_(JAVA_OPTS|PROFILE|REBUILD|TEST_.*)");
    /** What Kubernetes sets in every pod for a service that is called {@code pgweir} or {@code pgweir-...}. */
    private static final Pattern KUBERNETES =
            Pattern.compile("PGWEIR(_.*)?_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\\d+_(TCP|UDP|SCTP)(_.*)?)?)");

    private Environment() {}

    static void read(Map<String, String> environment, Layer own, Layer databaseUrl, Problems problems) {
        for (Setting<?> setting : Settings.all()) {
            String text = environment.get(setting.environment());
            if (text != null && !text.isBlank()) {
                own.put(setting, text, setting.environment(), problems);
            }
        }
        String url = environment.get(DATABASE_URL);
        if (url != null && !url.isBlank()) {
            databaseUrl.put(Settings.DATABASE_URL, url, DATABASE_URL, problems);
        }
    }

    /** Reports variables that look like settings but are none; {@code used} are names that the file refers to. */
    static void checkNames(Map<String, String> environment, List<String> used, Problems problems) {
        List<String> known = Settings.all().stream().map(Setting::environment).toList();
        environment.keySet().stream()
                .filter(name -> name.startsWith(PREFIX) && !known.contains(name) && !used.contains(name))
                .filter(name -> !NOT_OURS.matcher(name).matches()
                        && !KUBERNETES.matcher(name).matches())
                .sorted()
                .forEach(name -> problems.add(
                        Suggestions.quoted(name), "no setting has this name" + Suggestions.didYouMean(name, known)));
    }
}
