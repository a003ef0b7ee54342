import LatheDiagnostics
import LatheIR

/// Whether the number is infinite, of either sign or of one.
public struct IsInf: FloatPredicate {
  public static let schema = formal(
    "IsInf", since: 20, attributes: ["detect_negative": .integer, "detect_positive": .integer])

  /// Whether −∞ counts.
  public var detectsNegative: Bool
  /// Whether +∞ counts.
  public var detectsPositive: Bool

  public init(detectsNegative: Bool = true, detectsPositive: Bool = true) {
    self.detectsNegative = detectsNegative
    self.detectsPositive = detectsPositive
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    detectsNegative = try attributes.flag("detect_negative", default: true)
    detectsPositive = try attributes.flag("detect_positive", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if !detectsNegative { attributes.set("detect_negative", false) }
    if !detectsPositive { attributes.set("detect_positive", false) }
  }

  func holds(_ x: Double) -> Bool { x == .infinity && detectsPositive || x == -.infinity && detectsNegative }
}
