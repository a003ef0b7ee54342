import LatheIR
import LatheOperators
import LatheTensors

/// Hidden units of a recurrent layer whose states are zero at every step.
///
/// A unit begins at zero, and stays there if what is new to its state is: the sum behind the candidate gate has no bias, and no
/// weight but on features and units that are zero themselves.
struct ZeroStates {
  /// For each direction, whether a unit is zero at every step.
  private let isZero: [[Bool]]
  private let isPacked: Bool
  private let ranks: [Int?]

  /// nil if the layer's functions or weights do not let it be told.
  init?(_ site: ZeroSite) {
    guard let (gate, gates, isSeparate) = Self.candidate(site.op), let w = site.constant(1), let r = site.constant(2),
      w.rank == 3, r.rank == 3, w.isFinite, r.isFinite, let input = w.doubles(), let recurrence = r.doubles()
    else { return nil }
    let (directions, hidden, features) = (r.shape[0], r.shape[2], w.shape[2])
    guard w.shape == [directions, gates * hidden, features], r.shape == [directions, gates * hidden, hidden], hidden > 0 else {
      return nil
    }
    var biases: [Double]?
    if site.has(3) {
      guard let b = site.constant(3)?.doubles(), b.count == directions * 2 * gates * hidden, b.allSatisfy(\.isFinite) else {
        return nil
      }
      biases = b
    }
    isPacked = site.op is PackedLSTM || site.op is PackedGRU
    ranks = site.results.map { $0.rank }
    let states = isPacked ? [] : site.op is LSTM ? [5, 6] : [5]
    isZero = (0..<directions).map { direction in
      func row(_ unit: Int) -> Int { direction * gates * hidden + gate * hidden + unit }
      var stays = (0..<hidden).map { unit in
        let bias = direction * 2 * gates * hidden + gate * hidden + unit
        let hasNoBias = biases.map { all in
          let (one, other) = (all[bias], all[bias + gates * hidden])
          return isSeparate ? one == 0 && other == 0 : one + other == 0
        }
        return (hasNoBias ?? true) && states.allSatisfy { !site.has($0) || site.zeros[$0]?.holds(2, unit) ?? false }
          && !(0..<features).contains { input[row(unit) * features + $0] != 0 && !(site.zeros[0]?.holds(2, $0) ?? false) }
      }
      while let unit = stays.indices.first(where: { unit in
        stays[unit] && stays.indices.contains { recurrence[row(unit) * hidden + $0] != 0 && !stays[$0] }
      }) { stays[unit] = false }
      return stays
    }
  }

  /// The gate that is new to the state, how many gates there are, and whether both biases count by themselves; nil where a function
  /// makes more of zero.
  private static func candidate(_ op: any Operator) -> (gate: Int, gates: Int, isSeparate: Bool)? {
    func keepsZero(_ names: [String]?, _ count: Int, _ used: [Int]) -> Bool {
      guard let names else { return true }
      return names.enumerated().allSatisfy { position, name in
        !used.contains(position % count) || ["tanh", "relu", "softsign"].contains(name.lowercased())
      }
    }
    switch op {
    case is PackedLSTM: return (3, 4, false)
    case let gru as PackedGRU: return (2, 3, gru.appliesResetToProduct)
    case let lstm as LSTM: return keepsZero(lstm.activations, 3, [1, 2]) ? (3, 4, false) : nil
    case let gru as GRU: return keepsZero(gru.settings.activations, 2, [1]) ? (2, 3, gru.appliesResetToProduct) : nil
    case let rnn as RNN: return keepsZero(rnn.settings.activations, 1, [0]) ? (0, 1, false) : nil
    default: return nil
    }
  }

  /// What is known of a result: units lie on its last axis, where the packed forms have directions side by side.
  func places(in result: Int) -> ZeroPlaces? {
    guard result < ranks.count, let rank = ranks[result], rank > 0 else { return nil }
    let units = isPacked ? isZero.flatMap { $0 } : (isZero.first ?? []).indices.map { unit in isZero.allSatisfy { $0[unit] } }
    return ZeroPlaces(axes: Array(repeating: nil, count: rank - 1) + [units])
  }
}
