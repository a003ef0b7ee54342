import LatheJSON
import OrderedCollections
import Testing

@Suite struct SerializationTests {
  @Test func compactFormKeepsOrderAndEscapes() {
    let value: JSONValue = ["z": [1, -2.5, true, nil], "a": ["k\"\\": "\u{1}\n\u{1F}/é\u{2028}😀"], "e": [], "o": [:]]
    #expect(
      value.serialized()
        == "{\"z\":[1,-2.5,true,null],\"a\":{\"k\\\"\\\\\":\"\\u0001\\n\\u001f/é\u{2028}😀\"},\"e\":[],\"o\":{}}")
  }

  @Test func prettyFormIndentsByTwo() {
    let value: JSONValue = ["a": [1, ["b": nil]], "c": [], "d": [:]]
    #expect(
      value.serialized(pretty: true) == """
        {
          "a": [
            1,
            {
              "b": null
            }
          ],
          "c": [],
          "d": {}
        }
        """)
  }

  @Test func numbersComeBackEqual() throws {
    var numbers: [Double] = [
      0, -0.0, 1, 1e20, 1e-7, 0.1, 1 / 3, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -1e300,
    ]
    for _ in 0..<20_000 {
      let number = Double(bitPattern: .random(in: 0...UInt64.max))
      if number.isFinite { numbers.append(number) }
    }
    let value = JSONValue.array(numbers.map { .number($0) } + [.integer(.min), .integer(.max), 0])
    for pretty in [false, true] {
      let back = try JSONValue.parse(value.serialized(pretty: pretty))
      #expect(back == value)
      #expect(back.arrayValue?.prefix(numbers.count).map { $0.doubleValue?.bitPattern } == numbers.map(\.bitPattern))
    }
  }

  @Test func everyScalarComesBack() throws {
    let text = String(String.UnicodeScalarView((0...0x10FFFF).compactMap { Unicode.Scalar($0 as UInt32) }))
    let back = try JSONValue.parse(JSONValue.string(text).serialized()).stringValue
    #expect(back.map { Array($0.utf8) } == Array(text.utf8))
  }

  @Test func everyEscapedScalarIsRead() throws {
    let scalars = (0...0x10FFFF).compactMap { Unicode.Scalar($0 as UInt32) }
    let text = String(String.UnicodeScalarView(scalars))
    let escaped = text.utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    let back = try JSONValue.parse("[\"\(escaped.joined())\"]")[0]?.stringValue
    #expect(back.map { Array($0.utf8) } == Array(text.utf8))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func nonFiniteNumbersBecomeNull(_ number: Double) {
    #expect(JSONValue.number(number).serialized() == "null")
  }

  @Test func accessorsAnswerOnlyForTheirKind() {
    let value: JSONValue = ["n": 3, "d": 2.5, "w": 4.0, "s": "t", "b": true, "a": [10, 20], "0": nil]
    #expect(value["n"]?.intValue == 3 && value["n"]?.doubleValue == 3)
    #expect(value["d"]?.intValue == nil && value["d"]?.doubleValue == 2.5)
    #expect(value["w"]?.intValue == 4)
    #expect(value["s"]?.stringValue == "t" && value["s"]?.intValue == nil)
    #expect(value["b"]?.boolValue == true && value["n"]?.boolValue == nil)
    #expect(value["a"]?[1] == 20 && value["a"]?[2] == nil && value["a"]?[-1] == nil)
    #expect(value["a"]?.arrayValue?.count == 2 && value["0"]?.isNull == true && value["missing"] == nil)
    #expect(value.objectValue?.keys.elements == ["n", "d", "w", "s", "b", "a", "0"])
    #expect(JSONValue.number(1e30).intValue == nil && JSONValue.number(.nan).intValue == nil)
    #expect(value["a"]?.kindDescription == "an array")
  }
}
