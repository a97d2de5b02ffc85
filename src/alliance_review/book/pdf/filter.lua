-- pandoc filter: the cleaned pages as calls of the functions of template.typ.

local folder = pandoc.path.directory(PANDOC_SCRIPT_FILE)
local common = dofile(pandoc.path.join { folder, 'common.lua' })
local table_call = dofile(pandoc.path.join { folder, 'tables.lua' })
local quote, block, inline, has, label = common.quote, common.block, common.inline, common.has, common.label
local pieces, word, wrapped, body = common.pieces, common.word, common.wrapped, common.body

local function maths(display, tex)
  -- negative thin spaces are tuned to the fonts of TeX
  local plain = tex:gsub('\\!', '')
  local source = pandoc.write(pandoc.Pandoc { pandoc.Plain { pandoc.Math('InlineMath', plain) } }, 'typst')
  source = source:gsub('%s+$', '')
  local inner = source:match('^%$(.*)%$$')
  if not inner then error('this formula cannot be set: ' .. tex) end
  local pad = display and ' ' or ''
  return inline('#math.equation(block: ' .. tostring(display) .. ', alt: ' .. quote(tex) .. ', $'
    .. pad .. inner .. pad .. '$)')
end

function Code(el)
  if has(el, 'ar-math') then return maths(false, el.text) end
  if has(el, 'ar-display') then return maths(true, el.text) end
end

local function literal(el)
  local out = {}
  for i, part in ipairs(pieces(el.text)) do out[i] = '#raw(' .. quote(part) .. ')' end
  return inline(table.concat(out, '#box()'))
end

function CodeBlock(el)
  local lang = el.classes[1] or ''
  if lang == 'ar-output' then return block('#output(' .. quote(el.text) .. ')') end
  return block('#listing(' .. quote(lang) .. ', ' .. quote(el.text) .. ')')
end

function Span(el)
  if has(el, 'ar-anchor') then return inline('#anchor(' .. label(el) .. ')') end
  if has(el, 'ar-number') then return wrapped('#number[', el.content, ']') end
  if has(el, 'caption-number') then return wrapped('#caption-number[', el.content, ']') end
  if has(el, 'ar-box') then
    return inline('#box-mark(' .. tostring(pandoc.utils.stringify(el) == 'yes') .. ')')
  end
  if has(el, 'sure') then return wrapped('#sure[', el.content, ']') end
  if has(el, 'ar-footnote') then return pandoc.Note { pandoc.Plain(el.content) } end
  if has(el, 'ar-citation-label') then return wrapped('#strong[', el.content, '] ') end
  return el.content
end

function Link(el)
  local to = el.target
  local where = to:sub(1, 1) == '#' and ('label(' .. quote(to:sub(2)) .. ')') or quote(to)
  return wrapped('#link(' .. where .. ')[', el.content, ']')
end

function Image(el)
  local alt = pandoc.utils.stringify(el.caption)
  return inline('#small-image(' .. quote(el.src) .. ', ' .. quote(alt) .. ')')
end

function Header(el)
  local out = pandoc.Inlines { inline('#heading(level: ' .. el.level .. ')[') }
  out:extend(el.content)
  out:insert(inline('] #label(' .. quote(el.identifier) .. ')'))
  return pandoc.Plain(out)
end

local function caption_of(blocks)
  local rest, caption = pandoc.Blocks {}, nil
  for _, b in ipairs(blocks) do
    if not caption and b.t == 'Div' and has(b, 'ar-caption') then caption = b.content
    else rest:insert(b) end
  end
  return caption, rest
end

function Table(el)
  local caption = #el.caption.long > 0 and el.caption.long or nil
  return table_call(el, caption, label(el), has(el, 'landscape'))
end

function Figure(el)
  local image
  el:walk { Image = function(i) image = image or i end }
  local caption = #el.caption.long > 0 and el.caption.long or nil
  if not image then
    local out = pandoc.Blocks {}
    for _, b in ipairs(el.content) do
      if b.t == 'Table' then
        out:extend(table_call(b, caption, label(el), has(el, 'landscape')))
        caption = nil
      else
        out:insert(b)
      end
    end
    return out
  end
  local out = pandoc.Blocks { block('#picture(' .. quote(image.src) .. ', '
    .. quote(pandoc.utils.stringify(image.caption)) .. ', name: ' .. label(el) .. ', caption: ') }
  if caption then out:extend(body(caption)) else out:insert(block('none,')) end
  out:insert(block(')'))
  return out
end

-- What lies in a list or a box does not float.
local function boxed(el)
  return el:walk { RawBlock = function(r)
    if r.text:find('^#picture%(') then
      return block((r.text:gsub(', caption: $', ', boxed: true, caption: ')))
    end
  end }
end

local function titled(el, call)
  local title, rest = pandoc.Blocks {}, boxed(el).content
  if rest[1] and rest[1].t == 'Div' and has(rest[1], 'ar-title') then
    title = rest[1].content
    rest:remove(1)
  end
  local turned, out = false, pandoc.Blocks { block(call) }
  rest:walk { RawBlock = function(r) turned = turned or r.text:find('^#data%-table.*wide: true') end }
  if turned then  -- a turned page cannot lie in a box
    local head = pandoc.utils.blocks_to_inlines(title)
    return pandoc.Blocks { pandoc.Para(wrapped('#strong[', head, ']')) } .. rest
  end
  out:extend(body(title))
  out:insert(block('['))
  out:extend(rest)
  out:insert(block('])'))
  return out
end

function Div(el)
  if has(el, 'ar-equation') then
    local content
    el:walk { RawInline = function(r) content = content or r.text end }
    return block('#equation(' .. quote(el.attributes.number or '') .. ', ' .. label(el) .. ')['
      .. (content or '') .. ']')
  end
  if has(el, 'ar-admonition') then
    local kind = 'note'
    for _, k in ipairs { 'warning', 'important', 'tip', 'caution', 'danger', 'seealso', 'fold' } do
      if has(el, 'ar-' .. k) then kind = k end
    end
    return titled(el, '#admonition(' .. quote(kind) .. ', ')
  end
  if has(el, 'answer') then
    local out = pandoc.Blocks { block('#answer(') }
    for _, b in ipairs(el.content) do
      local part = b.t == 'Div' and b.content:clone() or pandoc.Blocks { b }
      if b.t == 'Div' and has(b, 'big') and part[1] and part[1].content then
        part[1] = pandoc.Para(wrapped('#big[', part[1].content, ']'))
      end
      out:extend(body(part))
    end
    out:insert(block(')'))
    return out
  end
  if has(el, 'ar-aside') then
    return pandoc.Blocks { block('#aside[') } .. boxed(el).content .. pandoc.Blocks { block(']') }
  end
  if has(el, 'citation') then
    return pandoc.Blocks { block('#reference[') } .. el.content .. pandoc.Blocks { block(']') }
  end
end

-- First pass over the blocks: boxes that mean nothing on paper go, so tables lie in the open.
local kept = { 'answer', 'big', 'says', 'ar-equation', 'ar-admonition', 'ar-aside', 'ar-caption',
  'ar-title', 'citation', 'table-block' }
local function flatten(el)
  for _, class in ipairs(kept) do if has(el, class) then return nil end end
  return el.content:map(function(b) return b.t == 'Plain' and pandoc.Para(b.content) or b end)
end

-- A table block lends its caption and its label to the table in it.
local function table_block(el)
  if not has(el, 'table-block') then return nil end
  local caption, rest = caption_of(el.content)
  local out = pandoc.Blocks {}
  for _, b in ipairs(rest) do
    if b.t == 'Table' and caption then
      out:extend(table_call(b, caption, label(el), has(el, 'landscape')))
      caption = nil
    else
      out:insert(b)
    end
  end
  return caption and caption .. out or out  -- no table in the block: its words are still printed
end

-- Tasks show their boxes in place of bullets; a mixed list is split where the kind changes.
local function tasks(el)
  el = boxed(el)
  local function task(item)
    local first = item[1] and item[1].content and item[1].content[1]
    return first and first.t == 'RawInline' and first.text:find('^#box%-mark') ~= nil
  end
  local runs = pandoc.List {}
  for i, item in ipairs(el.content) do
    if i == 1 or task(item) ~= task(el.content[i - 1]) then runs:insert(pandoc.List {}) end
    runs[#runs]:insert(item)
  end
  local out = pandoc.Blocks {}
  for _, run in ipairs(runs) do
    if task(run[1]) then
      out:extend { block('#[#set list(marker: [], body-indent: 0pt)'), pandoc.BulletList(run), block(']') }
    else
      out:insert(pandoc.BulletList(run))
    end
  end
  return out
end

local function definitions(el)
  local out = pandoc.Blocks { block('#terms(') }
  for _, item in ipairs(el.content) do
    out:insert(block('terms.item('))
    out:insert(pandoc.Plain(wrapped('[', item[1], '],')))
    local all = pandoc.Blocks {}
    for _, d in ipairs(item[2]) do all:extend(d) end
    out:extend(body(all))
    out:insert(block('),'))
  end
  out:insert(block(')'))
  return out
end

local function raw(b)
  local first = b and (b.t == 'Plain' and b.content[1] or b)
  return first and (first.t == 'RawInline' or first.t == 'RawBlock') and first.text or ''
end
local function level(b) return tonumber(raw(b):match('^#heading%(level: (%d)')) end
local function number_of(caption)
  local out, inside = pandoc.Inlines {}, false
  for _, part in ipairs(caption.content or {}) do
    if raw(part) == '#caption-number[' then inside = true
    elseif inside and raw(part) == ']' then break
    elseif inside then out:insert(part) end
  end
  return out
end

-- Turned tables wait for the end of their chapter, where they share turned pages; their place
-- in the text says where they are. A section that is nothing but its table goes with it.
local function gather_turned(doc)
  local out, waiting, i, blocks = pandoc.Blocks {}, pandoc.Blocks {}, 1, doc.blocks
  local function flush()
    if #waiting == 0 then return end
    out:insert(block('#turned['))
    out:extend(waiting)
    out:insert(block(']'))
    waiting = pandoc.Blocks {}
  end
  while i <= #blocks do
    local b = blocks[i]
    if raw(b):find('^#data%-table%(.*wide: true') then
      local first, last, number = i, out[#out], number_of(blocks[i + 1])
      while raw(blocks[i]) ~= ')//end of table' do i = i + 1 end
      local alone = not blocks[i + 1] or level(blocks[i + 1]) or #number == 0
      if last and (level(last) or 1) > 1 and alone then
        waiting:insert(out:remove(#out))
      elseif #number > 0 then
        local name = raw(b):match('name: (.-), caption: ')
        if name == 'none' then
          name = 'label(' .. quote('turned:' .. pandoc.utils.stringify(number)) .. ')'
          blocks[first] = block((raw(b):gsub('name: none', function() return 'name: ' .. name end)))
        end
        out:insert(pandoc.Plain(wrapped('#elsewhere(' .. name .. ')[', number, ']')))
      end
      for k = first, i do waiting:insert(blocks[k]) end
      if #number == 0 then flush() end  -- nothing can point to it: it stays where it is
    else
      if level(b) == 1 then flush() end
      out:insert(b)
    end
    i = i + 1
  end
  flush()
  return pandoc.Pandoc(out, doc.meta)
end

return {
  { Code = Code, CodeBlock = CodeBlock, Span = Span, Link = Link },
  { Div = flatten },
  { Div = table_block, Figure = Figure },
  { Table = Table, Header = Header, Div = Div, BulletList = tasks,
    OrderedList = boxed, BlockQuote = boxed, DefinitionList = definitions, Image = Image },
  { Pandoc = gather_turned },
  { Str = function(el) return inline(word(el.text)) end, Code = literal },
}
