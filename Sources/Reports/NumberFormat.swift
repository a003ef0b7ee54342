internal import Foundation

/// Numbers as people read them.
public enum NumberFormat {
  /// `24,082,337`.
  public static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var groups: [Substring] = []
    var rest = digits[...]
    while rest.count > 3 {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    groups.insert(rest, at: 0)
    return (value < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  /// `1 sample`, `3,129 samples`.
  public static func counted(_ value: Int, _ noun: String) -> String { "\(grouped(value)) \(noun)\(value == 1 ? "" : "s")" }

  /// `23.0 MiB`, `512 B`.
  public static func bytes(_ value: Int) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"]
    var amount = Double(value)
    guard amount >= 1024 else { return "\(value) B" }
    var unit = -1
    while amount >= 1024, unit < units.count - 1 {
      amount /= 1024
      unit += 1
    }
    return String(format: "%.1f ", amount) + units[unit]
  }

  /// `81.82 %`.
  public static func percent(_ fraction: Double) -> String { String(format: "%.2f %%", fraction * 100) }

  /// Three or four significant digits: `0.0001`, `1.23e-07`.
  public static func short(_ value: Double) -> String { String(format: "%.4g", value) }

  /// `0.012`.
  public static func seconds(_ value: Double) -> String { String(format: "%.3f", value) }
}
