package dev.weir.storage;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The key=value syntax of {@link NodeOptions#parse}. */
final class KeyvalParser {
    private static final Pattern KEY = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*|[0-9]+");

    private final String text;
    private final String impliedKey;
    private final Map<String, Object> root = new LinkedHashMap<>();
    private int at;

    KeyvalParser(String text, String impliedKey) {
        this.text = text;
        this.impliedKey = impliedKey;
    }

    NodeOptions parse() {
        boolean first = true;
        while (at < text.length()) {
            int end = keyEnd();
            if (end < text.length() && text.charAt(end) == '=') {
                String key = text.substring(at, end);
                at = end + 1;
                put(key, value());
            } else if (first && end > at) {
                put(impliedKey, value());
            } else if (end == at) {
                throw invalid("Invalid parameter ''");
            } else {
                throw invalid("Expected '=' after parameter '" + text.substring(at, end) + "'");
            }
            first = false;
        }
        return tree(root);
    }

    private int keyEnd() {
        int end = at;
        while (end < text.length() && text.charAt(end) != '=' && text.charAt(end) != ',') {
            end++;
        }
        return end;
    }

    /** Up to the next single comma, which is skipped. */
    private String value() {
        var value = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == ',') {
                if (at < text.length() && text.charAt(at) == ',') {
                    at++;
                } else {
                    break;
                }
            }
            value.append(c);
        }
        return value.toString();
    }

    private void put(String key, String value) {
        Map<String, Object> map = root;
        int from = 0;
        for (int dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', from)) {
            map = nested(map, part(key, from, dot), key.substring(0, dot));
            from = dot + 1;
        }
        if (map.put(part(key, from, key.length()), value) instanceof Map) {
            throw inconsistent(key);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> nested(Map<String, Object> map, String part, String path) {
        Object value = map.computeIfAbsent(part, absent -> new LinkedHashMap<String, Object>());
        if (value instanceof Map) {
            return (Map<String, Object>) value;
        }
        throw inconsistent(path);
    }

    private static String part(String key, int from, int to) {
        String part = key.substring(from, to);
        if (!KEY.matcher(part).matches()) {
            throw invalid("Invalid parameter '" + key + "'");
        }
        return part;
    }

    @SuppressWarnings("unchecked")
    private static NodeOptions tree(Map<String, Object> map) {
        NodeOptions.Builder options = NodeOptions.builder();
        map.forEach((key, value) -> {
            if (value instanceof Map) {
                options.set(key, tree((Map<String, Object>) value));
            } else {
                options.set(key, (String) value);
            }
        });
        return options.build();
    }

    private static BlockException inconsistent(String key) {
        return invalid("Parameters '" + key + ".*' used inconsistently");
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
