internal import Foundation

/// Ratios of powers on the logarithmic scale.
enum Decibels {
  /// 10·log₁₀(signal / noise).
  static func ratio(_ signal: Double, _ noise: Double) -> Double { 10 * log10(signal / noise) }

  /// The ratio of powers that so many decibels are.
  static func power(_ decibels: Double) -> Double { pow(10, decibels / 10) }
}
