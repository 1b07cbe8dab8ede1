package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * What the jar consists of, as pgweir-sbom.json beside it says. THIRD-PARTY.md is made from that; to write it anew:
 * {@code ./mvnw -pl cli -am verify -Dit.test=SupplyChainIT -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false
 * -Dfailsafe.failIfNoSpecifiedTests=false -Dpgweir.docs.write=true}.
 */
class SupplyChainIT {
    private static final Path JAR = Path.of(System.getProperty("pgweir.jar"));
    private static final Path THIRD_PARTY = Path.of("..", "THIRD-PARTY.md");

    /** Compatible with Apache-2.0. Of several that a library offers one is enough. */
    private static final Set<String> COMPATIBLE =
            Set.of("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "EPL-1.0", "EPL-2.0", "CC0-1.0");

    private record Component(String name, String version, Set<String> licences, String purl) {
        boolean isOurs() {
            return name.startsWith("io.pgweir:");
        }

        /** The jar is made without it: see excludes in cli/pom.xml. */
        boolean isLeftOut() {
            return purl.contains("riscv64")
                    || name.equals("io.netty:netty-all")
                    || name.equals("io.prometheus:prometheus-metrics-exposition-formats");
        }
    }

    @Test
    void everyPartHasAVersionAndACompatibleLicence() throws IOException {
        assertThat(components()).hasSizeGreaterThan(15).allSatisfy(component -> {
            assertThat(component.version).as(component.name).isNotBlank();
            if (!component.isOurs()) {
                assertThat(component.licences).as(component.name).containsAnyElementsOf(COMPATIBLE);
            }
        });
    }

    @Test
    void ofNettyTheListNamesWhatIsInTheJarAndNothingElse() throws IOException {
        Set<String> listed = components().stream()
                .filter(component -> component.name.startsWith("io.netty:netty-") && !component.isLeftOut())
                .map(component -> component.name.substring("io.netty:".length()))
                .filter(name -> !name.contains("tcnative"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(partsOfNettyInTheJar()).isEqualTo(listed);
    }

    @Test
    void theNoticeNamesEveryPart() throws IOException {
        String notice = notice();
        if (Boolean.getBoolean("pgweir.docs.write")) {
            Files.writeString(THIRD_PARTY, notice);
        }
        assertThat(Files.readString(THIRD_PARTY)).isEqualTo(notice);
    }

    /** Each part of Netty brings a line with its own version. */
    private static Set<String> partsOfNettyInTheJar() throws IOException {
        Properties versions = new Properties();
        try (JarFile jar = new JarFile(JAR.toFile());
                InputStream in = jar.getInputStream(jar.getEntry("META-INF/io.netty.versions.properties"))) {
            versions.load(in);
        }
        return versions.stringPropertyNames().stream()
                .filter(key -> key.endsWith(".version"))
                .map(key -> key.substring(0, key.length() - ".version".length()))
                .filter(name -> !name.contains("tcnative"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String notice() throws IOException {
        Map<String, String> lines = new TreeMap<>();
        for (Component component : components()) {
            if (!component.isOurs() && !component.isLeftOut()) {
                lines.put(
                        component.name,
                        "| " + component.name + " | " + component.version + " | "
                                + String.join(", ", component.licences) + " |\n");
            }
        }
        return """
                # Third-party software in pgweir.jar

                <!-- Generated from pgweir-sbom.json by SupplyChainIT; see there for the command. -->

                Their notices are in the jar, under `META-INF`. Of several licences each part may be used under any one.

                | part | version | licence |
                |---|---|---|
                """ + String.join("", lines.values());
    }

    private static List<Component> components() throws IOException {
        String text = Files.readString(JAR.resolveSibling("pgweir-sbom.json"));
        Map<?, ?> bom = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(text);
        return ((List<?>) bom.get("components"))
                .stream().map(each -> component((Map<?, ?>) each)).toList();
    }

    private static Component component(Map<?, ?> json) {
        Set<String> licences = new TreeSet<>();
        if (json.get("licenses") instanceof List<?> list) {
            for (Object each : list) {
                Map<?, ?> choice = (Map<?, ?>) each;
                if (choice.get("license") instanceof Map<?, ?> licence) {
                    licences.add(String.valueOf(licence.containsKey("id") ? licence.get("id") : licence.get("name")));
                } else if (choice.containsKey("expression")) {
                    licences.add(String.valueOf(choice.get("expression")));
                }
            }
        }
        return new Component(
                json.get("group") + ":" + json.get("name"),
                String.valueOf(json.get("version")),
                licences,
                String.valueOf(json.get("purl")));
    }
}
