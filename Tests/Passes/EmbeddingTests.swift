import Foundation
import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheJSON
import LatheOperators
import LathePassKit
import LathePasses
import LatheTensors
import LatheTestSupport
import Testing

/// The codebooks of `quantize/embeddings`: what they promise of every table, and that PaddleSlim's are PaddleSlim's.
@Suite struct EmbeddingTests {
  /// A table after the pass.
  private struct Coded {
    let codes: [UInt8]
    let codebook: [Float]
    /// What the codes mean.
    let floats: [Float]

    /// - Parameter counts: how often each row is looked up.
    init(_ table: Tensor, _ options: JSONValue, counts: [Int]? = nil) throws {
      var graph = Graph()
      let ids = try graph.addInput("ids", type: .tensor(TensorType(.int64, ["n"])))
      let words = try graph.addConstant("words", table)
      graph.setOutputs(try graph.addInferred(Gather(), [words, ids], provenance: .source("case")))
      let step = try PassCatalog.standard.step("quantize/embeddings", options: options)
      var known: TokenCounts?
      if let counts { known = { () throws(Diagnostic) -> [Int]? in counts } }
      let context = PassContext(pass: step.id, limits: ResourceLimits(), tokenCounts: known)
      let outcome = try step.pass.run(on: &graph, in: context)
      #expect(outcome.doneCount == 1, "\(outcome.declined)")
      let id = try #require(graph.order.first)
      let node = graph[id]
      let op = try #require(node.op as? CodedGather)
      let packed = try #require(graph.constant(node.inputs[0]))
      var codes: [UInt8] = []
      packed.withBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: packed.shape[1]) {
          let row = UnsafeRawBufferPointer(rebasing: bytes[start..<start + packed.shape[1]])
          codes += PackedElements.unpack(row, bitWidth: op.bits, count: op.width)
        }
      }
      self.codes = codes
      codebook = try #require(graph.constant(node.inputs[2])?.elements(as: Float.self))
      let all = try Tensor((0..<table.shape[0]).map { Int64($0) }, shape: [table.shape[0]])
      floats = try #require(try Interpreter(graph).run(["ids": all])[0].elements(as: Float.self))
    }
  }

  /// Rows of zeros, rows of one sign, and others whose magnitudes are spread over many octaves.
  private static func table(_ rows: Int, _ width: Int, seed: UInt64, octaves: ClosedRange<Float> = -6...0) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let values = (0..<rows * width).map { place -> Float in
      if place / width % 7 == 3 { return 0 }
      let magnitude = Float(pow(2, Double(Float.random(in: octaves, using: &generator))))
      return place / width % 5 == 1 || Bool.random(using: &generator) ? magnitude : -magnitude
    }
    return try Tensor(values, shape: [rows, width])
  }

  private static func error(_ coded: Coded, _ table: Tensor, counts: [Int]? = nil) throws -> Double {
    let values = try #require(table.elements(as: Float.self))
    return zip(values, coded.floats).enumerated().reduce(0) { sum, pair in
      let difference = Double(pair.element.0 - pair.element.1)
      return sum + difference * difference * Double(counts.map { $0[pair.offset / table.shape[1]] + 1 } ?? 1)
    }
  }

  @Test(arguments: [8, 6, 5, 4], ["optimal", "frequency"]) func zeroStaysZero(_ bits: Int, _ dictionary: String) throws {
    let table = try Self.table(90, 32, seed: UInt64(bits))
    let options: JSONValue = ["bits": .integer(Int64(bits)), "dictionary": .string(dictionary)]
    for rowScales in [false, true] {
      var options = options
      if rowScales { options = ["bits": .integer(Int64(bits)), "dictionary": .string(dictionary), "row-scales": true] }
      let coded = try Coded(table, options)
      for (value, decoded) in zip(try #require(table.elements(as: Float.self)), coded.floats) where value == 0 {
        #expect(decoded.bitPattern == 0)
      }
    }
    let linear = try Coded(table, ["bits": .integer(Int64(bits)), "scheme": "linear"])
    for (value, decoded) in zip(try #require(table.elements(as: Float.self)), linear.floats) where value == 0 { #expect(decoded == 0) }
  }

  @Test func magnitudesKeepPaddlesBound() throws {
    let table = try Self.table(90, 32, seed: 1, octaves: -15...0)
    let coded = try Coded(table, ["dictionary": "magnitude"])
    let bound = Float(pow(2, 1.0 / 16)) - 1
    for (value, decoded) in zip(try #require(table.elements(as: Float.self)), coded.floats) where value != 0 {
      #expect(abs(decoded - value) <= bound * abs(value) * 1.000001)
    }
  }

  @Test(arguments: [8, 6, 5, 4], [UInt64(1), 2, 3]) func optimalIsNeverWorse(_ bits: Int, _ seed: UInt64) throws {
    let table = try Self.table(120, 24, seed: seed, octaves: seed == 1 ? -3...0 : -20...5)
    var generator = SeededGenerator(seed: seed + 10)
    let counts = (0..<120).map { _ in Int.random(in: 0...1000, using: &generator) }
    for counts in [nil, counts] {
      let optimal = try Self.error(try Coded(table, ["bits": .integer(Int64(bits))], counts: counts), table, counts: counts)
      for dictionary: JSONValue in ["frequency", "magnitude"] {
        let other = try Coded(table, ["bits": .integer(Int64(bits)), "dictionary": dictionary], counts: counts)
        #expect(optimal <= (try Self.error(other, table, counts: counts)) * 1.000001)
      }
    }
  }

  @Test func optimalLevelsOfAFewNumbersAreThoseOfAllWaysToChoose() throws {
    // 18 magnitudes and 15 levels beside zero: the best way joins the three nearest pairs, or gives up the smallest.
    let magnitudes = (0..<18).map { Float(1) + Float($0 * $0) / 16 }
    let table = try Tensor((0..<72).map { magnitudes[$0 % 18] }, shape: [72, 1])
    let coded = try Coded(table, ["bits": 4])
    func least(_ numbers: ArraySlice<Float>, _ levels: Int) -> Double {
      guard let first = numbers.indices.first else { return 0 }
      guard levels > 0 else { return .infinity }
      return (first..<numbers.endIndex).map { last in
        let run = numbers[first...last].map { Double($0) }
        let mean = run.reduce(0, +) / Double(run.count)
        return run.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } + least(numbers[(last + 1)...], levels - 1)
      }.min() ?? 0
    }
    let expected = 4 * least(magnitudes[...], 15)
    let error = try Self.error(coded, table)
    #expect(abs(error - expected) <= 1e-6 * expected, "\(error), not \(expected)")
  }

  @Test func whatTextsLookUpIsNearer() throws {
    let table = try Self.table(120, 24, seed: 4)
    let counts = (0..<120).map { $0 < 12 ? 10_000 : 0 }
    func often(_ coded: Coded) throws -> Double { try Self.error(coded, table, counts: counts.map { $0 - 1 }) }
    #expect(try often(try Coded(table, ["bits": 4], counts: counts)) < (try often(try Coded(table, ["bits": 4]))))
    // Counts of another vocabulary say nothing.
    #expect(try Coded(table, ["bits": 4], counts: [1, 2, 3]).codes == (try Coded(table, ["bits": 4]).codes))
  }

  @Test func linearRowsAreWithinHalfAStep() throws {
    let table = try Self.table(90, 30, seed: 5)
    let values = try #require(table.elements(as: Float.self))
    for bits in [8, 6, 5, 4] {
      let coded = try Coded(table, ["bits": .integer(Int64(bits)), "scheme": "linear"])
      for row in 0..<90 {
        let own = row * 30..<row * 30 + 30
        let step = own.reduce(Float(0)) { max($0, abs(values[$1])) } / Float(1 << (bits - 1) - 1)
        for place in own { #expect(abs(values[place] - coded.floats[place]) <= step * 0.50001) }
      }
    }
  }

  @Test func extremesAreTaken() throws {
    var values = (0..<128).map { Float($0) - 64 }
    values[0] = .greatestFiniteMagnitude
    values[1] = -.leastNonzeroMagnitude
    values[2] = -0.0
    let table = try Tensor(values, shape: [64, 2])
    for options: JSONValue in [
      ["bits": 4], ["bits": 4, "dictionary": "frequency"], ["bits": 4, "dictionary": "magnitude"], ["bits": 4, "row-scales": true],
    ] { #expect(try Coded(table, options).floats.allSatisfy { $0.isFinite }) }
    for constant: Float in [0, 1, -1] {
      let same = try Tensor(Array(repeating: constant, count: 256), shape: [128, 2])
      #expect(try Coded(same, ["bits": 4]).floats.allSatisfy { $0 == constant })
    }
  }

  @Test func paddlesCodesAndDictionaries() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Paddle/embeddings.json")
    let cases = try #require(try JSONValue.parse(Array(Data(contentsOf: path)), file: path.path).arrayValue)
    #expect(cases.count == 3)
    for expected in cases {
      func numbers(_ key: String) throws -> [Int] {
        let list = try #require(expected[key]?.arrayValue)
        return try list.map { try #require($0.intValue) }
      }
      // Again and again, so that codes and a dictionary are fewer bytes than floats.
      let (times, shape) = (40, try numbers("shape"))
      let values = try numbers("table").map { Float(bitPattern: UInt32($0)) }
      let table = try Tensor(Array(repeating: values, count: times).flatMap { $0 }, shape: [shape[0] * times, shape[1]])
      let coded = try Coded(table, ["dictionary": "magnitude", "minimum-rows": 1])
      let codes = try numbers("codes")
      #expect(coded.codes.map { Int(Int8(bitPattern: $0)) } == Array(repeating: codes, count: times).flatMap { $0 })
      let dictionary = try numbers("dictionary").map { Float(bitPattern: UInt32($0)) }
      #expect(Array(coded.codebook.prefix(dictionary.count)) == dictionary)
      for (index, level) in dictionary.enumerated() { #expect(coded.codebook[128 + index] == -level) }
    }
  }

  @Test(arguments: [
    ["bits": 7], ["step": 0.125], ["dictionary": "frequency", "step": 0.3], ["scheme": "linear", "dictionary": "magnitude"],
    ["scheme": "linear", "row-scales": true], ["scheme": "linear", "step": 0.125], ["dictionary": "best"], ["scheme": "cubic"],
  ] as [JSONValue]) func optionsThatMeanNothingAreRefused(_ options: JSONValue) throws {
    let error = #expect(throws: Diagnostic.self) {
      _ = try Coded(try Self.table(90, 8, seed: 1), options)
    }
    #expect(error?.category == .usage)
  }
}

/// Codes and INT8, in either order.
@Suite struct EmbeddingsInInt8Tests {
  private static func graph(_ body: String) throws -> Graph {
    let words = (0..<240).map { "\(Float(($0 * 37) % 101 - 50) / 32)" }.joined(separator: ", ")
    return try GraphParser(catalog: .standard).parse(
      """
      graph (%ids: i64[b, 3]) -> (%y) {
        @words: f32[60, 4] = [\(words)]
        @gamma: f32[4] = [1.0, 1.5, 0.5, 2.0]
        @w: f32[4, 2] = [1.0, -2.0, 0.5, 4.0, 5.0, -6.0, 1.5, 2.5]
        \(body)
      }
      """)
  }

  private static func converted(_ graph: Graph, _ passes: [(PassID, JSONValue)]) throws -> Graph {
    var graph = graph
    var ledger = Ledger()
    try Pipeline(try passes.map { try PassCatalog.standard.step($0.0, options: $0.1) }).run(on: &graph, ledger: &ledger, in: .seeded)
    return graph
  }

  @Test(arguments: [
    "%x = lathe::EmbeddingNormalization(@gamma, _, @words, %ids) {sources = [\"ids\"]}\n  %y = lathe::Linear(%x, @w)",
    "%x = Gather(@words, %ids)\n  %y = lathe::Linear(%x, @w)",
  ])
  func eitherOrder(_ body: String) throws {
    let graph = try Self.graph(body)
    let codes: (PassID, JSONValue) = ("quantize/embeddings", ["minimum-rows": 1, "bits": 5])
    let int8: (PassID, JSONValue) = ("quantize/int8", ["calibrator": "abs_max"])
    let ids = try Tensor([0, 5, 59, 17, 23, 31] as [Int64], shape: [2, 3])
    let expected = try #require(try Interpreter(graph).run(["ids": ids])[0].doubles())
    for passes in [[codes, int8], [int8, codes]] {
      let converted = try Self.converted(graph, passes)
      #expect(converted.order.contains { converted[$0].op is QuantizedLinear })
      let tables = converted.valueIDsInOrder.compactMap { converted.constant($0) }.filter { $0.shape == [60, 4] }
      #expect(!tables.contains { $0.dtype == .float32 })
      let values = try #require(try Interpreter(converted).run(["ids": ids])[0].doubles())
      let dot = zip(values, expected).reduce(0) { $0 + $1.0 * $1.1 }
      let lengths = [values, expected].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      #expect(dot >= 0.98 * lengths[0] * lengths[1])
    }
    let first = try Self.converted(graph, [codes, int8])
    #expect(first.valueIDsInOrder.contains { first.constant($0)?.dtype == .uint8 }, "INT8 has made something else of the codes")
  }
}
